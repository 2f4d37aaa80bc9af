//! What is applied comes back: on every server, byte for byte, whatever goes wrong in between.

mod common;

use common::{At, Fault, How, Machine, NIC, server, servers};
use nic_config::{JOURNAL_FILE, Mend, Outcome, Step, Verdict, apply, revert};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

const EIO: i32 = 5;
const EBUSY: i32 = 16;

fn never() -> Fault {
    Fault { at: At::Never, how: How::Ignore }
}

/// Reverts without a fault and looks at every byte.
fn must_come_back(machine: &Machine, before: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>, what: &str) {
    let done = revert(&mut machine.tree(), &machine.state()).unwrap_or_else(|fault| panic!("{what}: {fault}"));
    assert!(done.is_whole, "{what}: {done:?}");
    let after = machine.picture();
    for (path, bytes) in before {
        assert_eq!(after.get(path), Some(bytes), "{what}: {}", path.display());
    }
    assert_eq!(after.len(), before.len(), "{what}: something new is there");
    assert!(!machine.state().join(JOURNAL_FILE).exists(), "{what}: the journal is gone");
}

#[test]
fn on_every_server_apply_leaves_only_the_command_line_to_mend_and_revert_brings_every_byte_back() {
    for server in servers() {
        let machine = server.make();
        let before = machine.picture();
        let steps = machine.steps();
        assert!(steps.len() >= 8, "{}: {} steps", server.profile, steps.len());
        let reports = apply(&mut machine.tree(), &steps, &machine.state()).expect("applied");
        for report in &reports {
            assert!(report.outcome.is_good(), "{}: {report:?}", server.profile);
        }
        assert_ne!(machine.picture(), before, "{}", server.profile);
        for item in machine.items() {
            let is_boot = matches!(item.mend, Mend::CommandLine { .. });
            assert!(item.verdict == Verdict::Ok || is_boot, "{}: {item:?}", server.profile);
        }
        assert_eq!(machine.steps(), [], "{}: a second apply has nothing to do", server.profile);
        must_come_back(&machine, &before, server.profile);
    }
}

/// Which of the two something goes wrong in.
#[derive(Clone, Copy, Debug)]
enum Job {
    Apply,
    Revert,
}

impl Job {
    /// Does it, with everything before it done; None: the tool died. Steps that did not end well.
    fn run(self, machine: &Machine, steps: &[Step], fault: Fault) -> (Option<usize>, usize) {
        if let Job::Revert = self {
            apply(&mut machine.tree(), steps, &machine.state()).expect("applied");
        }
        let (mut tree, writes) = machine.failing(fault);
        let state = machine.state();
        let reports = catch_unwind(AssertUnwindSafe(|| match self {
            Job::Apply => apply(&mut tree, steps, &state).expect("applied"),
            Job::Revert => revert(&mut tree, &state).expect("reverted").reports,
        }));
        let bad = |reports: Vec<nic_config::Report>| reports.iter().filter(|report| !report.outcome.is_good()).count();
        (reports.ok().map(bad), writes.get())
    }
}

/// On every server, at every write of the job, in each of these ways: how it ends, and that everything comes back.
fn fails_at_every_write(job: Job, ways: [How; 2], ends: Option<usize>) {
    for server in servers() {
        let machine = server.make();
        let before = machine.picture();
        let steps = machine.steps();
        let (bad, count) = job.run(&machine, &steps, never());
        assert!(bad == Some(0) && count >= steps.len(), "{}, {job:?}: {bad:?}, {count} writes", server.profile);
        must_come_back(&machine, &before, server.profile);
        for at in (0..count).step_by(effort::stride()) {
            for how in ways {
                let what = format!("{}, write {at} of {job:?}, {how:?}", server.profile);
                assert_eq!(job.run(&machine, &steps, Fault { at: At::Write(at), how }).0, ends, "{what}");
                must_come_back(&machine, &before, &what);
            }
        }
    }
}

#[test]
fn on_every_server_a_refused_write_stops_nothing_else_and_everything_comes_back() {
    fails_at_every_write(Job::Apply, [How::Refuse(EIO), How::Ignore], Some(1));
}

#[test]
fn on_every_server_a_tool_that_dies_at_any_write_is_reverted_by_the_next() {
    fails_at_every_write(Job::Apply, [How::DieBefore, How::DieAfter], None);
}

#[test]
fn a_revert_that_dies_at_any_write_is_finished_by_the_next() {
    fails_at_every_write(Job::Revert, [How::DieBefore, How::DieAfter], None);
}

#[test]
fn a_tool_that_dies_and_is_begun_again_still_brings_back_what_was_there_first() {
    let machine = server("hygon-7285").make();
    let before = machine.picture();
    let steps = machine.steps();
    for at in 0..12 {
        let (mut tree, _) = machine.failing(Fault { at: At::Write(at), how: How::DieAfter });
        let _ = catch_unwind(AssertUnwindSafe(|| apply(&mut tree, &steps, &machine.state())));
        // Nobody reverts; the plan is made anew and applied over what is there.
        let again = machine.steps();
        for report in apply(&mut machine.tree(), &again, &machine.state()).expect("applied") {
            assert!(report.outcome.is_good(), "{report:?}");
        }
        must_come_back(&machine, &before, &format!("died at {at}, applied again"));
    }
}

#[test]
fn what_cannot_be_reverted_stays_in_the_journal_until_it_can() {
    let machine = server("ice-lake-sp").make();
    let before = machine.picture();
    apply(&mut machine.tree(), &machine.steps(), &machine.state()).expect("applied");
    let (mut tree, _) = machine.failing(Fault { at: At::Path("ice/bind".to_owned()), how: How::Refuse(EBUSY) });
    let done = revert(&mut tree, &machine.state()).expect("tried");
    assert!(!done.is_whole);
    let bad: Vec<&Step> =
        done.reports.iter().filter(|report| !report.outcome.is_good()).map(|report| &report.step).collect();
    assert!(matches!(bad[..], [Step::Bind { .. }]), "{bad:?}");
    must_come_back(&machine, &before, "the second time");
}

#[test]
fn fewer_huge_pages_than_asked_for_are_told_and_given_back() {
    let machine = server("kunpeng-920").make();
    let before = machine.picture();
    let fault = Fault { at: At::Path("nr_hugepages".to_owned()), how: How::Fewer(3) };
    let reports = apply(&mut machine.failing(fault).0, &machine.steps(), &machine.state()).expect("applied");
    let bad: Vec<_> = reports.iter().filter(|report| !report.outcome.is_good()).collect();
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert_eq!(bad[0].outcome, Outcome::Otherwise { found: "3".to_owned() });
    let items = machine.items();
    let pages = items.iter().find(|item| item.name == "huge_pages").expect("an item");
    assert_eq!((pages.verdict, pages.found.as_str()), (Verdict::Wrong, "3 of 524288 KiB"));
    assert_eq!(pages.wanted, "4 of 524288 KiB", "pages of 1 GiB are not there with 64 KiB pages");
    must_come_back(&machine, &before, "fewer pages");
}

#[test]
fn a_managed_interrupt_that_refuses_is_told_and_everything_else_is_done() {
    let machine = server("sapphire-rapids").make();
    let before = machine.picture();
    let fault = Fault { at: At::Path("irq/40/smp_affinity_list".to_owned()), how: How::Refuse(EIO) };
    let reports = apply(&mut machine.failing(fault).0, &machine.steps(), &machine.state()).expect("applied");
    let bad: Vec<_> = reports.iter().filter(|report| !report.outcome.is_good()).collect();
    assert!(
        matches!(bad[..], [report] if matches!(&report.outcome, Outcome::Refused { error } if error.contains("os error 5")))
    );
    let verdict = |machine: &Machine| {
        let items = machine.items();
        items.into_iter().find(|item| item.name == "interrupt" && item.subject == "40").expect("still there").verdict
    };
    assert_eq!(verdict(&machine), Verdict::Wrong, "it is delivered on a data core");
    // After a start with isolcpus=managed_irq the kernel delivers it elsewhere.
    let effective = machine.root().join("proc/irq/40/effective_affinity_list");
    let old = fs::read(&effective).expect("made tree");
    fs::write(&effective, "0\n").expect("made tree");
    assert_eq!(verdict(&machine), Verdict::Warn);
    fs::write(&effective, old).expect("made tree");
    must_come_back(&machine, &before, "managed interrupt");
}

#[test]
fn a_machine_that_was_started_anew_owes_nothing() {
    let machine = server("kunpeng-920").make();
    let before = machine.picture();
    apply(&mut machine.tree(), &machine.steps(), &machine.state()).expect("applied");
    // The kernel starts with what it always starts with, and another boot id.
    for (path, bytes) in &before {
        if fs::symlink_metadata(path).is_ok_and(|kind| kind.is_file()) {
            fs::write(path, bytes).expect("made tree");
        }
    }
    common::put(machine.root(), "proc/sys/kernel/random/boot_id", "another");
    let steps = machine.steps();
    let done = revert(&mut machine.tree(), &machine.state()).expect("reverted");
    assert!(done.rebooted && done.is_whole && done.reports.is_empty(), "{done:?}");
    // And the other way about: apply after a start begins a journal of its own.
    apply(&mut machine.tree(), &steps, &machine.state()).expect("applied");
    common::put(machine.root(), "proc/sys/kernel/random/boot_id", "a third");
    apply(&mut machine.tree(), &steps, &machine.state()).expect("applied");
    let text = fs::read_to_string(machine.state().join(JOURNAL_FILE)).expect("a journal");
    assert_eq!(text.matches("\"boot\"").count(), 1, "{text}");
    assert!(text.contains("a third"), "{text}");
}

#[test]
fn a_journal_that_was_cut_anywhere_brings_back_what_was_done() {
    let machine = server("phytium-s2500").make();
    let before = machine.picture();
    let steps = machine.steps();
    // Dies right behind the first step's line: nothing of it was done, and any part of the line may be on disk.
    let (mut tree, _) = machine.failing(Fault { at: At::Write(0), how: How::DieBefore });
    let _ = catch_unwind(AssertUnwindSafe(|| apply(&mut tree, &steps, &machine.state())));
    let path = machine.state().join(JOURNAL_FILE);
    let whole = fs::read(&path).expect("a journal");
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).expect("written");
        must_come_back(&machine, &before, &format!("cut at {length}"));
    }
}

#[test]
fn what_is_no_journal_is_refused_and_left_as_it_is() {
    let machine = server("phytium-s2500").make();
    fs::create_dir_all(machine.state()).expect("a folder");
    let path = machine.state().join(JOURNAL_FILE);
    let step = r#"{"step":{"kind":"write","path":"x","before":"1","after":"2","reading":"text"}}"#;
    let bad = [
        "somebody's\n".to_owned(),
        "{}\n".to_owned(),
        format!("{step}\n"),
        "{\"boot\":\"a\"}\n{\"boot\":\"a\"}\n".to_owned(),
        "{\"boot\":\"a\"}\n{\"done\":{\"outcome\":\"done\"}}\n".to_owned(),
        format!("{{\"boot\":\"a\"}}\n{}\n", step.replace("reading", "raeding")),
    ];
    for text in bad {
        fs::write(&path, &text).expect("written");
        let fault = revert(&mut machine.tree(), &machine.state()).expect_err("refused");
        assert!(fault.contains(JOURNAL_FILE) && fault.contains("line "), "{fault}");
        assert!(apply(&mut machine.tree(), &machine.steps(), &machine.state()).is_err(), "{text}");
        assert_eq!(fs::read_to_string(&path).expect("still there"), text);
    }
}

#[test]
fn two_at_once_are_one_too_many() {
    let machine = server("phytium-s2500").make();
    let held = nic_config::Journal::open(&machine.state(), "boot").expect("the first");
    let fault = apply(&mut machine.tree(), &machine.steps(), &machine.state()).expect_err("the second");
    assert!(fault.contains("another backstop nic is at work"), "{fault}");
    drop(held);
}

#[test]
fn a_state_folder_that_cannot_be_written_means_that_nothing_is_done() {
    let machine = server("kunpeng-920").make();
    let before = machine.picture();
    let file = machine.state();
    fs::write(&file, "a file where the folder should be").expect("written");
    assert!(apply(&mut machine.tree(), &machine.steps(), &file).is_err());
    assert_eq!(machine.picture(), before);
}

#[test]
fn the_nics_interrupts_are_left_to_go_with_it() {
    let machine = server("kunpeng-920").make();
    let is_its = |item: &nic_config::Item| item.name == "interrupt" && item.subject == "90";
    assert!(!machine.items().iter().any(is_its), "it is given away");
    assert!(machine.items_with(&[], false).iter().any(is_its), "it stays");
    // A bifurcated one keeps its kernel driver, and so its interrupts.
    let machine = server("hygon-7390").make();
    assert!(machine.items_with(&[NIC.to_owned()], false).iter().any(is_its));
}
