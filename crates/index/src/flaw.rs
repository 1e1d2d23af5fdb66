/// The reason why a vector has no unit vector.
///
/// The message reads as the end of a clause: "row 7" + "has no direction: every component is 0".
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// Every component is 0.
    #[error("has no direction: every component is 0")]
    Zero,
    /// A component is infinite or NaN.
    #[error("holds `{found}` in component {component}, expected finite numbers")]
    NotFinite {
        /// The first such component, counted from 0.
        component: usize,
        /// The value of that component.
        found: f32,
    },
}
