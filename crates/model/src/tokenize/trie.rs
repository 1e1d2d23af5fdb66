/// A map from strings of bytes to numbers that finds the longest key at the start of a text: a
/// double-array trie (<https://doi.org/10.1002/spe.4380220902>).
///
/// The child of a node for a byte is in the slot `base ^ byte`, if that slot names the node as its
/// parent.
#[derive(Debug)]
pub(super) struct Trie(Vec<Slot>);

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// What the byte of a child is combined with, which gives the slot of the child.
    base: u32,
    /// The slot of the parent, or [`FREE`].
    parent: u32,
    /// The number of the key that ends here, or [`NONE`].
    value: u32,
}

const FREE: u32 = u32::MAX;
const NONE: u32 = u32::MAX;

/// The node of the empty string.
const ROOT: u32 = 0;

/// How far before the end of the slots a place for children is sought.
const WINDOW: usize = 1 << 9;

/// A node of a [`Trie`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node(u32);

impl Trie {
    /// Makes a trie of keys, of which the last of equal ones counts.
    pub(super) fn new<'a>(keys: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let mut keys: Vec<(&[u8], u32)> = keys
            .into_iter()
            .map(|(key, value)| (key.as_bytes(), value))
            .collect();
        keys.sort_unstable();
        let free = Slot {
            base: 0,
            parent: FREE,
            value: NONE,
        };
        let mut slots = vec![free; 256];
        slots[ROOT as usize].parent = ROOT;
        let mut first_free = 0;
        // Nodes whose children are still to be placed: the slot, the keys below, and the depth.
        let mut open = vec![(ROOT, 0..keys.len(), 0)];
        while let Some((node, mut range, depth)) = open.pop() {
            while keys
                .get(range.start)
                .is_some_and(|(key, _)| key.len() == depth)
                && !range.is_empty()
            {
                slots[node as usize].value = keys[range.start].1;
                range.start += 1;
            }
            let mut children: Vec<(u8, usize, usize)> = Vec::new();
            for at in range {
                let byte = keys[at].0[depth];
                match children.last_mut() {
                    Some((last, _, end)) if *last == byte => *end = at + 1,
                    _ => children.push((byte, at, at + 1)),
                }
            }
            let Some(&(first, ..)) = children.first() else {
                continue;
            };
            while slots
                .get(first_free)
                .is_some_and(|slot| slot.parent != FREE)
            {
                first_free += 1;
            }
            let mut at = first_free.max(slots.len().saturating_sub(WINDOW));
            let base = loop {
                if at >= slots.len() {
                    slots.resize(slots.len() + 256, free);
                }
                let base = at ^ usize::from(first);
                let is_free = |byte: u8| slots[base ^ usize::from(byte)].parent == FREE;
                if children.iter().all(|&(byte, ..)| is_free(byte)) {
                    break base;
                }
                at += 1;
            };
            #[expect(
                clippy::cast_possible_truncation,
                reason = "there are fewer slots than bytes of a vocabulary, which is bounded"
            )]
            for (byte, start, end) in children {
                let child = base ^ usize::from(byte);
                slots[node as usize].base = base as u32;
                slots[child].parent = node;
                open.push((child as u32, start..end, depth + 1));
            }
        }
        Self(slots)
    }

    /// Returns the node of a string, if a key starts with it.
    pub(super) fn find(&self, start: &str) -> Option<Node> {
        let mut bytes = start.bytes();
        bytes.try_fold(Node(ROOT), |node, byte| self.child(node, byte))
    }

    /// Returns the length and the number of the longest key that is the string of `node` with a start
    /// of `text`, which is at least one byte long.
    #[inline]
    pub(super) fn longest(&self, node: Node, text: &[u8]) -> Option<(usize, u32)> {
        let mut node = node;
        let mut found = None;
        for (at, &byte) in text.iter().enumerate() {
            let Some(child) = self.child(node, byte) else {
                break;
            };
            node = child;
            let value = self.0[node.0 as usize].value;
            if value != NONE {
                found = Some((at + 1, value));
            }
        }
        found
    }

    #[inline]
    fn child(&self, node: Node, byte: u8) -> Option<Node> {
        let slot = self.0[node.0 as usize].base ^ u32::from(byte);
        let is_child = self.0[slot as usize].parent == node.0 && slot != ROOT;
        is_child.then_some(Node(slot))
    }
}

impl Node {
    /// The node of the empty string.
    pub(super) const ROOT: Self = Self(ROOT);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Generates numbers that look random.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) as usize % bound
        }
    }

    #[test]
    fn the_longest_key_is_found_as_in_a_map() {
        let mut numbers = Numbers(7);
        for count in [0, 1, 5, 3000] {
            let mut keys = BTreeMap::new();
            for value in 0..count {
                let length = 1 + numbers.below(5);
                let key: String = (0..length)
                    .map(|_| ['a', 'b', 'c', '#', 'é', '\u{ff}'][numbers.below(6)])
                    .collect();
                keys.insert(key, value);
            }
            let trie = Trie::new(keys.iter().map(|(key, &value)| (key.as_str(), value)));
            for key in keys.keys() {
                assert!(trie.find(key).is_some());
            }
            for _ in 0..3000 {
                let text: String = (0..numbers.below(7))
                    .map(|_| ['a', 'b', 'c', '#', 'é', 'z'][numbers.below(6)])
                    .collect();
                let expected = (1..=text.len())
                    .rev()
                    .find_map(|length| Some((length, *keys.get(text.get(..length)?)?)));
                assert_eq!(
                    trie.longest(Node::ROOT, text.as_bytes()),
                    expected,
                    "{text}"
                );
                let after = trie
                    .find("a")
                    .and_then(|node| trie.longest(node, text.as_bytes()));
                let expected = (1..=text.len()).rev().find_map(|length| {
                    let key = format!("a{}", text.get(..length)?);
                    Some((length, *keys.get(&key)?))
                });
                assert_eq!(after, expected, "{text}");
            }
        }
    }
}
