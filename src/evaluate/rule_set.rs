//! A rule set tells for each rule of a policy set whether it is in: one bit a rule.

/// Some rules, by their number in [`PolicySet::rules`](super::PolicySet::rules).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleSet(Vec<u64>);

impl RuleSet {
    /// Whether a rule is in it.
    #[must_use]
    pub fn contains(&self, rule: usize) -> bool {
        self.0.get(rule / 64).is_some_and(|word| word & bit(rule) != 0)
    }

    /// Whether no rule is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// How many rules are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Its rules, in their order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        let words = self.0.iter().enumerate();
        words.flat_map(|(number, word)| {
            (0..64).filter(move |place| word & (1 << place) != 0).map(move |place| number * 64 + place)
        })
    }

    pub(super) fn insert(&mut self, rule: usize) {
        if self.0.len() <= rule / 64 {
            self.0.resize(rule / 64 + 1, 0);
        }
        self.0[rule / 64] |= bit(rule);
    }

    pub(super) fn remove(&mut self, rule: usize) {
        if let Some(word) = self.0.get_mut(rule / 64) {
            *word &= !bit(rule);
        }
    }
}

impl FromIterator<usize> for RuleSet {
    fn from_iter<I: IntoIterator<Item = usize>>(rules: I) -> Self {
        let mut set = Self::default();
        rules.into_iter().for_each(|rule| set.insert(rule));
        set
    }
}

fn bit(rule: usize) -> u64 {
    1 << (rule % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_in_until_it_is_taken_out() {
        let mut set: RuleSet = [3, 64, 200].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [3, 64, 200]);
        assert_eq!((set.len(), set.is_empty(), set.contains(64), set.contains(65)), (3, false, true, false));
        [3, 64, 200, 9_999].into_iter().for_each(|rule| set.remove(rule));
        assert!(set.is_empty() && !set.contains(200));
    }
}
