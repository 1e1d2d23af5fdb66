use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex};

use cognate::ndarray::Array2;
use cognate::{BoxError, Embed, Embedded, EmbedderInfo, Progress};
use cognate_testing::LetterPairs;

/// An embedder of letter pairs that embeds no query before it is opened.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    pairs: LetterPairs,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_open: bool,
    calls: Vec<String>,
}

impl Gate {
    /// Lets all queries through, from now on.
    pub(crate) fn open(&self) {
        self.state.lock().unwrap().is_open = true;
        self.changed.notify_all();
    }

    /// Waits until a query has come to the gate.
    pub(crate) fn wait_for_call(&self) {
        let state = self.state.lock().unwrap();
        let _came = self
            .changed
            .wait_while(state, |state| state.calls.is_empty())
            .unwrap();
    }

    /// Returns the texts of all queries that came to the gate.
    pub(crate) fn embedded(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }
}

impl Embed for Gate {
    fn info(&self) -> EmbedderInfo {
        self.pairs.info()
    }

    fn embed_documents(
        &self,
        texts: &[&str],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Embedded, BoxError> {
        self.pairs.embed_documents(texts, progress)
    }

    fn embed_queries(&self, texts: &[&str]) -> Result<Array2<f32>, BoxError> {
        let mut state = self.state.lock().unwrap();
        state
            .calls
            .extend(texts.iter().map(|&text| text.to_owned()));
        self.changed.notify_all();
        let is_closed = |state: &mut State| !state.is_open;
        drop(self.changed.wait_while(state, is_closed).unwrap());
        self.pairs.embed_queries(texts)
    }
}
