//! What a policy knows of the owners of orders.

use super::PolicyError;

/// The capacity in which a participant trades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Class {
    /// A public customer.
    Customer,
    /// A market maker.
    MarketMaker,
    /// Anybody else.
    #[default]
    Other,
}

/// One participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields)
)]
pub struct Participant {
    /// The owner that its orders carry, not 0.
    pub owner: u32,
    /// Its capacity.
    #[cfg_attr(feature = "serde", serde(default))]
    pub class: Class,
    /// Its share as a lead market maker in percent; 0 when it is none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub lmm_percent: u8,
    /// Whether it has a participation entitlement (primary or lead market maker).
    #[cfg_attr(feature = "serde", serde(default))]
    pub entitled: bool,
    /// Its institutional group, 0 when it has none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub group: u32,
}

/// The participants of a book, found by owner. Whoever is not listed is `Other`, without a share or a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Participants(Box<[Participant]>);

impl Participants {
    /// These participants; of two with one owner the later counts.
    ///
    /// # Errors
    /// When a percentage is above 100. What the lead market makers may have together is the exchange's to say (CME: 50): if
    /// it is more than the aggressor, the earlier are served first.
    pub fn new(list: &[Participant]) -> Result<Participants, PolicyError> {
        if let Some(p) = list.iter().find(|p| p.lmm_percent > 100) {
            return Err(PolicyError::ParticipantPercent { owner: p.owner });
        }
        let mut sorted = list.to_vec();
        sorted.reverse();
        sorted.sort_by_key(|p| p.owner);
        sorted.dedup_by_key(|p| p.owner);
        Ok(Participants(sorted.into()))
    }

    /// What is known of `owner`.
    pub fn get(&self, owner: u32) -> Participant {
        let nobody = Participant { owner, ..Participant::default() };
        self.0.binary_search_by_key(&owner, |p| p.owner).map_or(nobody, |i| self.0[i])
    }

    /// All that are listed, by owner.
    pub fn iter(&self) -> impl Iterator<Item = &Participant> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_listed_is_other_and_the_later_of_two_counts() {
        let maker =
            |owner, lmm_percent| Participant { owner, lmm_percent, class: Class::MarketMaker, ..Default::default() };
        let all = Participants::new(&[maker(9, 60), maker(4, 20), maker(9, 70)]).unwrap();
        assert_eq!((all.get(9).lmm_percent, all.get(4).lmm_percent), (70, 20));
        assert_eq!(all.get(5), Participant { owner: 5, ..Default::default() });
        assert_eq!(Participants::new(&[maker(1, 101)]), Err(PolicyError::ParticipantPercent { owner: 1 }));
        assert!(Participants::new(&[maker(1, 60), maker(2, 60)]).is_ok());
    }
}
