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
            let keeps_zeros = (left == '0' || right == '0') && number_goes_on;
            let (left_run, right_run) = (digit_run(&a[at..]), digit_run(&b[at..]));
            let by_number = compare_numbers(left_run, right_run, keeps_zeros);
            by_number.then(left_run.len().cmp(&right_run.len())).then(left.cmp(&right))
        }
    }
}

/// The digits with which a text begins.
fn digit_run(text: &str) -> &str {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    &text[..length]
}

/// Compares numbers of any length. Go's 64 bits wrap around beyond 18 digits, which is no order and cannot be sorted by.
fn compare_numbers(left: &str, right: &str, keeps_zeros: bool) -> Ordering {
    let zero: &[char] = if keeps_zeros { &[] } else { &['0'] };
    let (left, right) = (left.trim_start_matches(zero), right.trim_start_matches(zero));
    left.len().cmp(&right.len()).then(left.cmp(right))
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

    #[test]
    fn numbers_of_any_length_are_compared() {
        let (long, longer) = ("9".repeat(40), format!("1{}", "0".repeat(40)));
        assert_eq!(natural(&format!("a{long}"), &format!("a{longer}")), Ordering::Less);
    }

    /// Sorting panics, or depends on the order it was given, unless the order is total.
    #[test]
    fn the_order_is_total() {
        let mut keys = vec![String::new()];
        let mut longest = keys.clone();
        for _ in 0..LENGTH {
            let longer = |key: &String| "012a-é".chars().map(|sign| format!("{key}{sign}")).collect::<Vec<_>>();
            longest = longest.iter().flat_map(longer).collect();
            keys.extend(longest.iter().cloned());
        }
        keys.sort_by(|a, b| natural(a, b));
        for (index, key) in keys.iter().enumerate() {
            for later in &keys[index + 1..] {
                assert_eq!(natural(key, later), Ordering::Less, "{key} {later}");
                assert_eq!(natural(later, key), Ordering::Greater, "{later} {key}");
            }
        }
    }

    /// With 5 it holds as well, and takes a minute.
    const LENGTH: usize = 3;
}
