//! Globs of `regex.globs_match`: characters, `.` and sets, each once, `+` or `*`; and whether some text fits two of them.
//!
//! OPA does not decide that exactly: its library takes `a+a+` for `a+`, and a star takes the first way that leads on.
//! What counts is its answer, so these are its steps.

use regorus::Value;

use super::{Answer, Failure, text};

/// How often two signs are compared before the question counts as too large: ways multiply with every star.
const STEPS: u32 = 1_000_000;

pub(super) fn meet(given: &[Value]) -> Answer {
    let (one, other) = (glob(text(given, 0)?)?, glob(text(given, 1)?)?);
    let mut comparison = Comparison { steps: STEPS };
    Ok(Value::from(comparison.whole(&one, &other)?))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sign {
    One(char),
    Any,
    /// Ranges that neither meet nor touch, in order.
    Of(Vec<(u32, u32)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    OnceOrMore,
    Any,
}

#[derive(Debug, Clone)]
struct Part {
    sign: Sign,
    times: Times,
}

/// Reads a glob; of two equal signs in a row that both repeat, one is left.
fn glob(text: &str) -> Result<Vec<Part>, Failure> {
    let mut rest = Signs(text.chars().collect::<Vec<_>>().into_iter());
    let mut parts: Vec<Part> = Vec::new();
    while let Some((sign, is_escaped)) = rest.next()? {
        let sign = match sign {
            '.' if !is_escaped => Sign::Any,
            '[' if !is_escaped => set(&mut rest)?,
            ']' if !is_escaped => return Err(Failure::undefined("set-close ']' with no preceding '['")),
            '+' | '*' if !is_escaped => {
                return Err(Failure::undefined(format!("flag '{sign}' must be preceded by a non-flag")));
            }
            sign => Sign::One(sign),
        };
        let times = rest.times();
        match parts.last_mut() {
            Some(last) if times != Times::Once && last.times != Times::Once && last.sign == sign => {
                if times == Times::OnceOrMore {
                    last.times = times;
                }
            }
            _ => parts.push(Part { sign, times }),
        }
    }
    Ok(parts)
}

struct Signs(std::vec::IntoIter<char>);

impl Signs {
    /// The next sign, and whether a backslash takes its meaning away.
    fn next(&mut self) -> Result<Option<(char, bool)>, Failure> {
        match self.0.next() {
            Some('\\') => match self.0.next() {
                Some(sign) => Ok(Some((sign, true))),
                None => Err(Failure::undefined("input ends with a \\ (escape) character")),
            },
            other => Ok(other.map(|sign| (sign, false))),
        }
    }

    fn times(&mut self) -> Times {
        let times = match self.0.as_slice().first() {
            Some('+') => Times::OnceOrMore,
            Some('*') => Times::Any,
            _ => return Times::Once,
        };
        self.0.next();
        times
    }
}

/// What stands between brackets.
fn set(rest: &mut Signs) -> Result<Sign, Failure> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    // a range may begin with it
    let mut before = None;
    loop {
        match rest.next()? {
            None => return Err(Failure::undefined("found [ without matching ]")),
            Some((']', false)) => break,
            Some(('-', false)) => {
                let Some(first) = before.take() else {
                    return Err(Failure::undefined("range character '-' must be preceded by a Unicode character"));
                };
                let last = match rest.next()? {
                    None => return Err(Failure::undefined("range character '-' must be followed by a character")),
                    Some((']' | '-', false)) => {
                        return Err(Failure::undefined("range character '-' cannot be followed by a special symbol"));
                    }
                    Some((last, _)) => u32::from(last),
                };
                if last < first {
                    return Err(Failure::undefined("range is out of order"));
                }
                ranges.push((first, last));
            }
            Some((sign, _)) => {
                ranges.push((sign.into(), sign.into()));
                before = Some(sign.into());
            }
        }
    }
    ranges.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    Ok(Sign::Of(joined))
}

struct Comparison {
    steps: u32,
}

impl Comparison {
    /// Plain beginnings and ends are compared first; of each, one sign stays.
    fn whole(&mut self, one: &[Part], other: &[Part]) -> Result<bool, Failure> {
        let plain = |(one, other): &(&Part, &Part)| one.times == Times::Once && other.times == Times::Once;
        let mut begin = 0;
        for (one, other) in one.iter().zip(other).take_while(plain) {
            if !self.fits(one, other)? {
                return Ok(false);
            }
            begin += 1;
        }
        let begin = usize::saturating_sub(begin, 1);
        let (one, other) = (&one[begin..], &other[begin..]);
        let mut end = 0;
        for (one, other) in one.iter().rev().zip(other.iter().rev()).take_while(plain) {
            if !self.fits(one, other)? {
                return Ok(false);
            }
            end += 1;
        }
        let end = usize::saturating_sub(end, 1);
        self.the_rest(&one[..one.len() - end], &other[..other.len() - end])
    }

    fn the_rest(&mut self, one: &[Part], other: &[Part]) -> Result<bool, Failure> {
        for at in 0..one.len().min(other.len()) {
            match (one[at].times, other[at].times) {
                (Times::Once, Times::Once) if self.fits(&one[at], &other[at])? => {}
                (Times::Once, Times::Once) => return Ok(false),
                (Times::Once, _) => return self.repeated(&other[at..], &one[at..]),
                _ => return self.repeated(&one[at..], &other[at..]),
            }
        }
        Ok(one.len() == other.len())
    }

    /// Both have a part, and the first of `repeated` repeats.
    fn repeated(&mut self, repeated: &[Part], other: &[Part]) -> Result<bool, Failure> {
        if repeated[0].times == Times::Any {
            return self.swallowed(repeated, other);
        }
        if !self.fits(&repeated[0], &other[0])? {
            return Ok(false);
        }
        if self.swallowed(repeated, &other[1..])? {
            return Ok(true);
        }
        // it may itself be swallowed whole
        Ok(other[0].times != Times::Once && self.the_rest(&repeated[1..], other)?)
    }

    /// Takes parts of `other` as long as they fit what repeats, and tries to go on wherever the next fits as well.
    fn swallowed(&mut self, repeated: &[Part], other: &[Part]) -> Result<bool, Failure> {
        let next = repeated.get(1);
        for (at, part) in other.iter().enumerate() {
            if let Some(next) = next
                && self.fits(part, next)?
                && self.the_rest(&repeated[1..], &other[at..])?
            {
                return Ok(true);
            }
            if !self.fits(part, &repeated[0])? {
                return Ok(false);
            }
        }
        Ok(next.is_none())
    }

    fn fits(&mut self, one: &Part, other: &Part) -> Result<bool, Failure> {
        self.steps = self.steps.checked_sub(1).ok_or_else(Failure::too_large)?;
        Ok(match (&one.sign, &other.sign) {
            (Sign::Any, _) | (_, Sign::Any) => true,
            (Sign::One(one), Sign::One(other)) => one == other,
            (Sign::One(sign), Sign::Of(ranges)) | (Sign::Of(ranges), Sign::One(sign)) => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(*sign)))
            }
            (Sign::Of(one), Sign::Of(other)) => {
                one.iter().any(|(first, last)| other.iter().any(|(from, to)| first <= to && from <= last))
            }
        })
    }
}
