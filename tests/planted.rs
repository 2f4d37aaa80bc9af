//! Planted differences: a primary that does one thing wrong, once, is named by the audit at its first wrong frame, and at none before
//! it. The primary is the second exchange with a fault planted in it; what it executes goes over a feed, in pieces as a network
//! would cut them, into a follower.
#![allow(clippy::unwrap_used)]

#[path = "oracle/generator.rs"]
mod generator;

use engine::IdStyle;
use engine::command::{BodyView, CommandBuffer};
use engine::types::{Nanoseconds, Sequence};
use generator::{Generator, Style};
use journal::{Identity, Log, LogLimits, Machine, Refused};
use net::random::Random;
use reference::{Event, Exchange, Fault, Settings};
use standby::{Audit, Fed, FeedEnd, FollowSettings, Follower, State};

const MORNING: u64 = 1_717_374_600_000_000_000;
/// Random commands of a primary's day; and how far into it a fault is planted, at least and at most.
const OPERATIONS: u32 = 12_000;
const PLANTED: std::ops::Range<u64> = 300..2_500;
/// Seeds tried for each fault, and days among them in which it must find its opportunity.
const SEEDS: std::ops::Range<u64> = 11..31;
const DAYS: usize = 6;

/// What a primary executed: its frames, and what the fault in it did.
struct Primary {
    /// Frames, from sequence 1 on, all parts of each together.
    frames: Vec<Vec<u8>>,
    /// The state's digest after each.
    digests: Vec<u64>,
    /// When the last was executed.
    now: Nanoseconds,
    took_effect: Option<Sequence>,
}

/// How the audit shows a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    /// We would have decided otherwise.
    Finding,
    /// Its digest is not that of its events.
    DigestMismatch,
    /// It cannot have come of the state before it.
    Impossible,
}

fn evidence_of(fault: Fault) -> Evidence {
    match fault {
        Fault::TieBreak | Fault::PartialFill | Fault::Priority | Fault::Refusal => Evidence::Finding,
        Fault::CountsOneTooMany | Fault::Digest => Evidence::DigestMismatch,
        // What an order froze, and which number is next, are no choices.
        Fault::StreamNumber | Fault::ClosesToday => Evidence::Impossible,
    }
}

/// Days in which a fault finds its opportunity: an interval of equally good prices needs a book with gaps, which a long auction has not.
fn style_for(fault: Fault, seed: u64) -> Style {
    if fault == Fault::TieBreak || seed % 2 == 1 { Style::Churn } else { Style::Auction }
}

/// A primary's day, with a fault planted from a sequence on.
fn primary(seed: u64, style: Style, planted: Option<(Fault, Sequence)>) -> Primary {
    let mut exchange = Exchange::new(Settings { data_center: generator::DATA_CENTER, ..Settings::default() });
    if let Some((fault, from)) = planted {
        exchange.faults.plant(fault, reference::Sequence(from.0));
    }
    let mut generator = Generator::new(seed, style, OPERATIONS);
    let mut primary = Primary { frames: Vec::new(), digests: Vec::new(), now: Nanoseconds(MORNING), took_effect: None };
    let mut base_data = vec![CommandBuffer::own(&generator::day(&mut generator.random, style, OPERATIONS))];
    base_data.extend(generator::base_data(&mut generator.random, style));
    for command in base_data {
        execute(&mut exchange, &command, &mut primary);
    }
    for _ in 0..OPERATIONS {
        primary.now.0 += generator.random.below(200_000);
        generator.epoch = exchange.state().epoch.0;
        let command = generator.next();
        if let Some(sys_id) = execute(&mut exchange, &command, &mut primary) {
            generator.rests(&command, sys_id);
        }
    }
    let took_effect = planted.and_then(|(fault, _)| exchange.faults.took_effect(fault));
    primary.took_effect = took_effect.map(|sequence| Sequence(sequence.0));
    primary
}

/// Executes a command at the next place. The OrderSysId of an order that rests now.
fn execute(exchange: &mut Exchange, command: &CommandBuffer, primary: &mut Primary) -> Option<[u8; 20]> {
    let present = exchange.state().epoch;
    let epoch = match command.command().body {
        BodyView::DayOpen(open) if exchange.state().day.is_none() => reference::Epoch(open.epoch.0),
        BodyView::EpochOpen(open) => present.max(reference::Epoch(open.epoch.0)),
        _ => present,
    };
    let sequence = reference::Sequence(primary.frames.len() as u64 + 1);
    let time = reference::Nanoseconds(primary.now.0);
    let outcome = exchange.execute(epoch, sequence, time, command.bytes()).unwrap();
    primary.frames.push(outcome.frame_parts.concat());
    primary.digests.push(outcome.stamp.digest);
    let (mut rests, mut sys_id) = (false, None);
    for event in &outcome.events {
        match event {
            Event::Accepted { rests: at_once, sys_id: id, .. } => (rests, sys_id) = (*at_once, Some(*id)),
            Event::Rested { .. } => rests = true,
            _ => {}
        }
    }
    sys_id.filter(|_| rests)
}

/// A follower that was fed all of a primary's day, in random pieces.
fn follow(seed: u64, primary: &Primary) -> (Follower, Result<Fed, FeedEnd>) {
    let commands = primary.frames.len();
    let log = Log::in_memory(LogLimits { bytes: commands * 1_600 + (8 << 20), frames: commands + 1 }).unwrap();
    let machine = Machine::new(log, Identity { ids: IdStyle { prefix: b'B' }, data_center: 2 });
    let mut follower = Follower::new(machine, FollowSettings { trading_day: 20_240_603, ..FollowSettings::new(2) });
    follower.connected(primary.now);
    let bytes = primary.frames.concat();
    let mut random = Random::new(seed);
    let mut rest = &bytes[..];
    let mut fed = Ok(Fed::default());
    while !rest.is_empty() && fed.is_ok() {
        let most = [3, 80, 1_460, 30_000][random.below(4) as usize];
        let count = (1 + random.below(most) as usize).min(rest.len());
        fed = follower.feed(&rest[..count], primary.now);
        rest = &rest[count..];
    }
    (follower, fed)
}

/// The first frame that the audit names, and how.
fn first_named(audit: &Audit) -> Option<(Sequence, Evidence)> {
    let finding = audit.findings.first().map(|finding| (finding.sequence, Evidence::Finding));
    let mismatch = audit.first_digest_mismatch.map(|mismatch| (mismatch.sequence, Evidence::DigestMismatch));
    let impossible = audit.impossible.as_ref().map(|refused| match refused {
        Refused::Impossible { sequence, .. } => (*sequence, Evidence::Impossible),
        other => panic!("refused otherwise: {other}"),
    });
    [finding, mismatch, impossible].into_iter().flatten().min_by_key(|(sequence, _)| *sequence)
}

#[test]
fn every_planted_fault_is_named_at_the_frame_where_it_took_effect_and_none_before() {
    for &fault in Fault::ALL {
        let mut days = 0;
        for seed in SEEDS {
            if days == DAYS {
                break;
            }
            let style = style_for(fault, seed);
            let from = Sequence(PLANTED.start + Random::new(seed ^ fault as u64).below(PLANTED.end - PLANTED.start));
            let name = format!("{fault:?} planted from {from} in a {style:?} day of seed {seed}");
            let primary = primary(seed, style, Some((fault, from)));
            let Some(effect) = primary.took_effect else { continue };
            days += 1;
            let (mut follower, fed) = follow(seed, &primary);
            let audit = follower.audit().clone();
            println!(
                "{name}: took effect in {effect}; {}",
                audit.to_string().lines().nth(1).unwrap_or("nothing").trim()
            );

            assert!(effect >= from, "{name}");
            assert_eq!(first_named(&audit), Some((effect, evidence_of(fault))), "{name}: {audit}");
            let machine = follower.machine().unwrap();
            if evidence_of(fault) == Evidence::Impossible {
                // Sealed at the frame before: it is in the state and in the log, and nothing of the wrong one is.
                let before = Sequence(effect.0 - 1);
                assert!(matches!(fed, Err(FeedEnd::Diverged(_))), "{name}: {fed:?}");
                assert_eq!(machine.state().last_sequence(), before, "{name}");
                assert_eq!(machine.reader().last_sequence(), before, "{name}");
                let digests = machine.state().digests();
                assert_eq!(digests.state, primary.digests[before.0 as usize - 1], "{name}");
                assert_eq!(digests, machine.state().recompute_digests(), "{name}");
                assert_eq!(follower.state(), State::Diverged, "{name}");
            }
            // What was adopted was adopted as it came, wrong or not: members have been told so.
            let machine = follower.machine().unwrap();
            let adopted = machine.state().last_sequence().0 as usize;
            assert_eq!(machine.reader().bytes_from(0).unwrap(), primary.frames[..adopted].concat(), "{name}");
            if fed.is_ok() {
                assert_eq!(adopted, primary.frames.len(), "{name}");
            }
        }
        assert_eq!(days, DAYS, "{fault:?} found too few opportunities in the days of seeds {SEEDS:?}");
    }
}

#[test]
fn a_primary_without_a_fault_is_followed_with_a_clean_audit() {
    for (seed, style) in [(21, Style::Churn), (22, Style::Auction), (23, Style::Tight)] {
        let name = format!("a {style:?} day of seed {seed}");
        let primary = primary(seed, style, None);
        let (mut follower, fed) = follow(seed, &primary);
        fed.unwrap_or_else(|end| panic!("{name}: {end}"));
        let audit = follower.audit().clone();
        assert!(audit.is_clean(), "{name}: {audit}");
        assert_eq!(audit.frames, primary.frames.len() as u64, "{name}");
        let state = follower.machine().unwrap().state();
        assert_eq!(state.digests().state, *primary.digests.last().unwrap(), "{name}");
        assert_eq!(follower.state(), State::InStep, "{name}");
    }
}
