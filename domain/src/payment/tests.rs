//! What a chain may set, and what a payment refuses by itself; how money goes is told in `tests/rules/payments.rs`.

use proptest::prelude::*;

use crate::money::Fen;

use super::{Channel, PaymentPolicy, TopUpTier};

fn tier(from: i64, bonus: i64) -> TopUpTier {
    TopUpTier {
        from: Fen(from),
        bonus: Fen(bonus),
    }
}

#[test]
fn tiers_ascend_and_give_no_more_than_is_paid() {
    assert!(TopUpTier::validate(&[tier(100, 100), tier(200, 0)]).is_ok());
    for (tiers, field) in [
        (vec![tier(0, 0)], "tiers[0].from"),
        (vec![tier(200, 1), tier(200, 2)], "tiers[1].from"),
        (vec![tier(200, 201)], "tiers[0].bonus"),
        (vec![tier(1, 0); 21], "tiers"),
    ] {
        assert_eq!(TopUpTier::validate(&tiers).expect_err("refused").field, field);
    }
}

#[test]
fn a_policy_out_of_range_is_refused_by_its_field() {
    let policy = PaymentPolicy::default();
    assert!(policy.validate().is_ok());
    for (policy, field) in [
        (
            PaymentPolicy {
                channels: vec![Channel::Alipay, Channel::Alipay],
                ..policy.clone()
            },
            "policy.channels",
        ),
        (
            PaymentPolicy {
                expiry_seconds: 59,
                ..policy.clone()
            },
            "policy.expiry_seconds",
        ),
        (
            PaymentPolicy {
                top_up_max: Fen::ZERO,
                ..policy.clone()
            },
            "policy.top_up_max",
        ),
    ] {
        assert_eq!(policy.validate().expect_err("refused").field, field);
    }
}

proptest! {
    #[test]
    fn the_tier_is_the_highest_that_is_reached(amount in 0i64..1_000) {
        let tiers = [tier(100, 1), tier(300, 2), tier(900, 3)];
        let bonus = TopUpTier::of(&tiers, Fen(amount)).map(|tier| tier.bonus.0);
        let expected = match amount {
            900.. => Some(3),
            300.. => Some(2),
            100.. => Some(1),
            _ => None,
        };
        prop_assert_eq!(bonus, expected);
    }
}
