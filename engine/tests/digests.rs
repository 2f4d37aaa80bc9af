//! Digests: equal for equal states, different for the least difference; and the tree that finds it.

mod common;

use common::*;
use engine::command::*;
use engine::types::*;
use engine::{State, TreeDifference};

/// Two markets that went the same way.
fn twins() -> (Market, Market) {
    let run = || {
        let mut market = Market::new();
        market.open_positions(0, 2, 7);
        market.rest(&buy(99, 5).account(1));
        market.rest(&sell(103, 5).instrument(B).account(3));
        market
    };
    (run(), run())
}

#[test]
fn a_difference_is_found_from_the_whole_down_to_the_aggregate() {
    let check = |expected: Option<TreeDifference>, change: &dyn Fn(&mut Market)| {
        let (ours, mut theirs) = twins();
        assert_eq!(ours.state.digests(), theirs.state.digests());
        change(&mut theirs);
        assert_eq!(ours.state.tree().first_difference(&theirs.state.tree()), expected);
        assert_eq!(theirs.state.tree().first_difference(&ours.state.tree()), expected);
        assert_eq!(ours.state.digests() == theirs.state.digests(), expected.is_none());
    };
    let at = |instrument, account| {
        Some(TreeDifference::Aggregate { instrument, account: AccountIndex(account), hedge: b'1' })
    };
    check(None, &|_| ());
    // A rejected order marks its id and nothing else.
    check(Some(TreeDifference::LocalIds), &|market| drop(market.insert(&buy(1, 1))));
    check(Some(TreeDifference::Base), &|market| {
        market.applied(&RightSet { scope: 1, right: b'1', instrument: A, index: 0 })
    });
    check(Some(TreeDifference::Base), &|market| {
        market.applied(&RightSet { scope: 5, right: b'1', instrument: A, index: 0 })
    });
    check(None, &|market| market.applied(&RightSet { scope: 5, right: b'0', instrument: A, index: 0 }));
    check(None, &|market| {
        market.applied(&RightSet { scope: 5, right: b'2', instrument: A, index: 0 });
        market.applied(&RightSet { scope: 5, right: b'0', instrument: A, index: 0 });
    });
    // Both have told as much, but not the same.
    let (mut ours, mut theirs) = twins();
    for (market, rights) in [(&mut ours, *b"12"), (&mut theirs, *b"21")] {
        for right in rights {
            market.own(&RightSet { scope: 4, right, instrument: B, index: 0 });
        }
    }
    assert_eq!(ours.state.tree().first_difference(&theirs.state.tree()), Some(TreeDifference::Instrument(B)));
    let set = |account: u32, long: u32| PositionSet {
        account: AccountIndex(account),
        instrument: A,
        hedge: b'1',
        reserved: 0,
        long_yesterday: long,
        long_today: 0,
        short_yesterday: 0,
        short_today: 0,
    };
    check(at(A, 3), &|market| market.applied(&set(3, 1)));
    check(None, &|market| market.applied(&set(3, 0)));
    check(at(A, 2), &|market| market.applied(&set(2, 1)));
}

#[test]
fn yesterdays_part_of_an_order_is_in_the_digest() {
    let run = |flags: u16| {
        let mut market = Market::with(DayOpen { flags, ..day() }, |_| ());
        market.applied(&PositionSet {
            account: AccountIndex(0),
            instrument: A,
            hedge: b'1',
            reserved: 0,
            long_yesterday: 4,
            long_today: 4,
            short_yesterday: 0,
            short_today: 0,
        });
        market.rest(&sell(110, 4).offset(Offset::Close));
        market.state
    };
    let [ours, theirs]: [State; 2] = [run(0), run(DAY_CLOSE_TODAY_FIRST)];
    let expected = Some(TreeDifference::Aggregate { instrument: A, account: AccountIndex(0), hedge: b'1' });
    assert_eq!(ours.tree().first_difference(&theirs.tree()), expected);
}

#[test]
fn the_same_commands_give_the_same_digests_and_touching_pages_changes_nothing() {
    let (mut ours, theirs) = twins();
    ours.state.touch_pages();
    assert_eq!(ours.state.recompute_digests(), theirs.state.digests());
    assert_eq!(
        text(&ours.insert(&sell(99, 9).account(2))),
        "accepted #4; traded 5 at 99 by sell (left 0 #4, left 4 #5); rests 4"
    );
}
