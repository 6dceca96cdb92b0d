//! Quantities as numbers: `500m`, `1Gi`, `2e3` (apimachinery's `pkg/api/resource`).

use crate::manifest::{Node, Value};

/// A quantity in thousand-millionths: the finest step Kubernetes keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::validate) struct Quantity(i128);

const NANOS: i128 = 1_000_000_000;
/// Far beyond what Kubernetes caps quantities at, far below what arithmetic here can hold.
const LARGEST: i128 = (i64::MAX as i128) * NANOS;

impl Quantity {
    /// Reads a value; `None` if it is no quantity, which the schema says.
    pub(in crate::validate) fn read(node: &Node) -> Option<Self> {
        match &node.value {
            Value::String(text) => Self::parse(text.trim()),
            Value::Int(value) => Some(Self::whole(i128::from(*value))),
            Value::UInt(value) => Some(Self::whole(i128::from(*value))),
            Value::Float(value) => Self::parse(&value.to_string()),
            _ => None,
        }
    }

    fn whole(value: i128) -> Self {
        Self(value.saturating_mul(NANOS).clamp(-LARGEST, LARGEST))
    }

    /// Rounds away from zero, as Kubernetes does.
    fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = unsigned.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return None;
        }
        let (factor, exponent) = unit(suffix)?;
        let whole = whole.trim_start_matches('0');
        // more digits than matter: the value is capped in any case
        if whole.len() > 20 || exponent > 30 {
            return Some(Self(if negative { -LARGEST } else { LARGEST }));
        }
        let fraction = fraction.get(..12).unwrap_or(fraction);
        let digits = whole.bytes().chain(fraction.bytes()).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        let scale = exponent - i32::try_from(fraction.len()).ok()? + 9;
        let scaled = digits.saturating_mul(factor);
        let nanos = if scale >= 0 {
            10_i128.checked_pow(scale.unsigned_abs()).map_or(LARGEST, |power| scaled.saturating_mul(power))
        } else {
            let power = 10_i128.checked_pow(scale.unsigned_abs()).unwrap_or(i128::MAX);
            scaled / power + i128::from(scaled % power != 0)
        };
        let nanos = nanos.min(LARGEST);
        Some(Self(if negative { -nanos } else { nanos }))
    }

    pub(super) fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub(super) fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is a whole number, to the thousandth.
    pub(super) fn is_integer(self) -> bool {
        self.0 % NANOS == 0
    }
}

/// The factor and the power of ten a suffix stands for.
fn unit(suffix: &str) -> Option<(i128, i32)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        exponent => (1, exponent.strip_prefix(['e', 'E'])?.parse().ok().filter(|power: &i32| power.abs() < 100)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn quantities_compare_whatever_their_units() {
        for (small, large) in [
            ("100m", "0.2"),
            ("1", "1001m"),
            ("1G", "1Gi"),
            ("1023Mi", "1Gi"),
            ("-1", "0"),
            ("9e2", "1k"),
            ("1n", "1u"),
            ("128974848", "129e6"),
            ("0.000000001", "1m"),
            ("1", "1e40"),
            ("8Ei", "99999999999999999999999"),
        ] {
            assert!(parse(small) <= parse(large), "{small} {large}");
            assert!(parse(large) > parse(small) || parse(large) == Quantity(LARGEST), "{small} {large}");
        }
        for (one, other) in
            [("1", "1000m"), ("1Gi", "1024Mi"), ("1.5Gi", "1536Mi"), ("2e3", "2k"), (".5", "500m"), ("5.", "5")]
        {
            assert_eq!(parse(one), parse(other));
        }
        assert!(
            Quantity::parse("").is_none() && Quantity::parse("1.2.3").is_none() && Quantity::parse("1Zi").is_none()
        );
        assert!(!parse("512m").is_integer() && parse("1500m").is_positive() && parse("-1m").is_negative());
    }
}
