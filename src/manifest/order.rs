//! The natural order of keys, as go-yaml v2 sorts them: `a2` before `a10`, letters after everything else.

use std::cmp::Ordering;

/// Compares two keys.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let Some(at) = a.bytes().zip(b.bytes()).position(|(a, b)| a != b) else {
        return a.len().cmp(&b.len());
    };
    let (left, right) = (a.as_bytes()[at], b.as_bytes()[at]);
    if left.is_ascii_alphabetic() && right.is_ascii_alphabetic() {
        return left.cmp(&right);
    }
    // the difference may lie inside a character
    let at = (0..=at).rev().find(|at| a.is_char_boundary(*at)).unwrap_or(0);
    let (Some(left), Some(right)) = (a[at..].chars().next(), b[at..].chars().next()) else {
        return a.len().cmp(&b.len());
    };
    compare_at(a, b, at, left, right)
}

fn compare_at(a: &str, b: &str, at: usize, left: char, right: char) -> Ordering {
    let before = &a.as_bytes()[..at];
    let digits_before = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    match (left.is_alphabetic(), right.is_alphabetic()) {
        (true, true) => left.cmp(&right),
        // a number that ends here is smaller than one that goes on
        (true, false) if digits_before > 0 => Ordering::Less,
        (false, true) if digits_before > 0 => Ordering::Greater,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            // a zero after other digits is a digit of the number, not a leading zero
            let number_goes_on = before[at - digits_before..].iter().any(|digit| *digit != b'0');
            let start = i64::from((left == '0' || right == '0') && number_goes_on);
            let (left_number, left_length) = digit_run(&a[at..], start);
            let (right_number, right_length) = digit_run(&b[at..], start);
            left_number.cmp(&right_number).then(left_length.cmp(&right_length)).then(left.cmp(&right))
        }
    }
}

/// The number that begins a text, with `start` as its first digit, and how many digits it has. Wraps around, as Go does.
fn digit_run(text: &str, start: i64) -> (i64, usize) {
    let digits = text.bytes().take_while(u8::is_ascii_digit);
    digits.fold((start, 0), |(number, length), digit| {
        (number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), length + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_helm_and_kustomize_print_them() {
        let sorted = ["_u", "2", "10", "A", "Z", "a-b", "a.b", "a_b", "a1", "a2", "a10", "ab", "b", "é"];
        let mut keys = sorted;
        keys.reverse();
        keys.sort_by(|a, b| natural(a, b));
        assert_eq!(keys, sorted);
    }

    #[test]
    fn the_order_holds_at_the_borders_of_characters() {
        assert_eq!(natural("é", "è"), Ordering::Greater);
        assert_eq!(natural("", "a"), Ordering::Less);
        assert_eq!(natural("a", "a"), Ordering::Equal);
        assert_eq!(natural("a01", "a1"), Ordering::Greater, "equal numbers: the shorter run first");
    }
}
