use candle_core::{DType, Device, Result, Tensor};
use candle_nn::rotary_emb::rope;

/// Rotary position embeddings of queries and keys (<https://arxiv.org/abs/2104.09864>), computed in
/// f32; each dimension of the first half of a head rotates with its counterpart in the second half.
#[derive(Debug)]
pub(crate) struct Rotary {
    /// `[positions, head_size / 2]`
    cos: Tensor,
    /// `[positions, head_size / 2]`
    sin: Tensor,
}

impl Rotary {
    pub(crate) fn new(
        theta: f32,
        head_size: usize,
        positions: usize,
        device: &Device,
    ) -> Result<Self> {
        let half = head_size / 2;
        #[expect(
            clippy::cast_precision_loss,
            reason = "positions are small, and transformers computes the angles in f32 too"
        )]
        let angles: Vec<f32> = {
            let frequency = |at: usize| 1.0 / theta.powf((2 * at) as f32 / head_size as f32);
            let frequencies: Vec<f32> = (0..half).map(frequency).collect();
            (0..positions)
                .flat_map(|position| frequencies.iter().map(move |f| position as f32 * f))
                .collect()
        };
        let table = |function: fn(f32) -> f32| {
            let values = angles.iter().copied().map(function).collect();
            Tensor::from_vec(values, (positions, half), device)
        };
        Ok(Self {
            cos: table(f32::cos)?,
            sin: table(f32::sin)?,
        })
    }

    /// Rotates `x`, `[B, heads, longest, head_size]`.
    pub(crate) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let tokens = x.dim(2)?;
        let cos = self.cos.narrow(0, 0, tokens)?;
        let sin = self.sin.narrow(0, 0, tokens)?;
        rope(&x.to_dtype(DType::F32)?.contiguous()?, &cos, &sin)?.to_dtype(x.dtype())
    }
}
