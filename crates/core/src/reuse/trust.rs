//! Whether shared answers of a subject can be trusted: a sample of them is asked again, and too many wrong ones end
//! the sharing.

use crate::policy::Reuse;

/// The most events to expect, in hundredths, where so many were seen: upper 95 % bound of a Poisson mean, one-sided.
const UPPER: &[u64] = &[300, 475, 630, 776, 916, 1_052, 1_185, 1_315, 1_444, 1_571, 1_697];

/// How many of ten thousand hits may be wrong, with 95 % certainty if the presumption holds: `presumed_right` counts as
/// checks without an error.
#[must_use]
pub fn wrong_per_myriad(presumed_right: u32, checked: u32, wrong: u32) -> u64 {
    let upper =
        usize::try_from(wrong).ok().and_then(|wrong| UPPER.get(wrong).copied()).unwrap_or_else(|| {
            let wrong = u64::from(wrong);
            (wrong + 3) * 100 + wrong.isqrt() * 170
        });
    let of = u64::from(presumed_right) + u64::from(checked);
    if of == 0 { 10_000 } else { (upper * 100).div_ceil(of).min(10_000) }
}

/// Whether answers of a subject go on being shared.
#[must_use]
pub fn is_trusted(policy: &Reuse, checked: u32, wrong: u32) -> bool {
    wrong_per_myriad(policy.presumed_right, checked, wrong) <= u64::from(policy.wrong_per_myriad)
}
