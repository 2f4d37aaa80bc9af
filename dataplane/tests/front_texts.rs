//! Members' texts in GBK: every kind of text that a member reads, over a front that is set so, and the same log as without.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod front_support;

use dataplane::texts::MemberText;
use encoding_rs::GBK;
use engine::command::SeatBlock;
use engine::types::*;
use front_support::*;
use ftd::field::{BulletinField, ErrorField, ForceExitField};
use ftd::tid;

fn words(text: MemberText, bytes: &[u8]) -> String {
    match text {
        MemberText::Utf8 => String::from_utf8(bytes.to_vec()).unwrap(),
        MemberText::Gbk => {
            let (words, _, has_faults) = GBK.decode(bytes);
            assert!(!has_faults, "{bytes:?}");
            words.into_owned()
        }
    }
}

/// What a member reads: refusals of the session and of the rules, bulletins, its forced end. And the log's bytes.
fn told(text: MemberText) -> (Vec<String>, Vec<u8>) {
    let mut world = World::new(Setup { text, ..Setup::default() });
    let member = world.add_client(0);
    world.connect(member);
    let mut read = Vec::new();
    let mut error = |message: &Received| {
        let field = message.field::<ErrorField>();
        read.push(words(text, field.error_text.trimmed()));
    };
    error(&world.answers(member, 1, |client| client.order(b'0', 15_000, 1))[0]);
    world.clients[member].cut();
    let member = world.join(0);
    let off_tick = world.answers(member, 1, |client| {
        let mut order = client.order_field(b'0', 15_000, 1);
        order.limit_price.set_units(1).unwrap();
        let bytes = client.request(tid::ORDER_INSERT, &order);
        client.send(&bytes);
    });
    error(&off_tick[0]);
    for whom in [ParticipantIndex::ALL, ParticipantIndex(0)] {
        world.command(&bulletin(whom, "系统恢复，请核对委托 the market reopens"));
    }
    world.run(5);
    for kind in [tid::MARKET_BULLETIN, tid::PARTICIPANT_BULLETIN] {
        let message = world.heard(member).messages.iter().find(|message| message.tid == kind).unwrap();
        let field = message.field::<BulletinField>();
        read.push(words(text, field.abstract_.trimmed()));
        read.push(words(text, field.content.trimmed()));
    }
    let mut block = SeatBlock { user: UserIndex(0), blocked: 1, reserved: 0, text: [b' '; 100] };
    let why = "席位停用 your seat is blocked".as_bytes();
    block.text[..why.len()].copy_from_slice(why);
    world.command(&block);
    world.until("the connection ends", |world| world.heard(member).closed.is_some());
    let last = world.heard(member).messages.iter().find(|message| message.tid == tid::FORCE_EXIT).unwrap();
    read.push(words(text, last.field::<ForceExitField>().force_exit_msg.trimmed()));
    (read, world.log().to_vec())
}

#[test]
fn a_front_set_to_gbk_tells_every_text_in_it_and_the_log_is_the_same() {
    let (read, log) = told(MemberText::Gbk);
    assert_eq!(
        read,
        [
            "对话流未登录 not logged in to the dialog stream",
            "价格不是最小变动价位的整数倍 price is not on a tick",
            "系统恢复，请核对委托 the market reopens",
            "系统恢复，请核对委托 the market reopens",
            "系统恢复，请核对委托 the market reopens",
            "系统恢复，请核对委托 the market reopens",
            "席位停用 your seat is blocked",
        ]
    );
    let (in_utf_8, its_log) = told(MemberText::Utf8);
    assert_eq!(in_utf_8, read);
    assert!(its_log == log, "how a front tells it is no matter of the log");
}
