//! Cancel on disconnect (断线撤单): a user that wants it has its orders cancelled when its dialog ends, by logout, with its connection, or
//! because the exchange ended it. STREAMS.md, "Login".
//!
//! The cancel is a command of the exchange's own, MassCancel of that user with cause 1, behind everything the dialog had asked. One that
//! finds the ring full is owed, and goes before any other command of this front. Among several fronts of one core a user's next requests
//! wait, wherever they come, until the log shows that the cancel was executed: rings are emptied in turn, not in the order of time.
//!
//! It is no takeover: a core that speaks to members no more, or a front that has lost its core, gives none. What a front on another machine
//! can give no more when its uplink ends, the core gives in its place, for every user that asked something over it.

use crate::front::desk::Desk;
use crate::queries::LoginTo;
use crate::session::Session;
use crate::session::login::DialogNumber;
use engine::command::{Body, CommandHeader, CommandKind, MassCancel, MassScope, USER_CANCEL_ON_DISCONNECT};
use engine::types::{Nanoseconds, UserIndex};
use std::collections::VecDeque;
use zerocopy::FromBytes;

/// Cancels that wait for room in the ring: a user stands there once, so that there are never more than users.
#[derive(Debug, Default)]
pub(crate) struct Owed(VecDeque<UserIndex>);

impl Owed {
    /// Room for the day's users.
    pub(crate) fn size(&mut self, users: u16) {
        self.0 = VecDeque::with_capacity(users.into());
    }

    /// Nothing waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Desk {
    /// A session's dialog is over: nothing of it is taken in any more. Its user's orders are cancelled, if that is wanted.
    pub(crate) fn end_dialog(&mut self, session: &mut Session) {
        let Some(dialog) = session.dialog.take() else { return };
        // Answers still under way belong to a dialog that is over.
        session.answers.clear();
        session.in_engine = 0;
        session.asking.end_dialog();
        self.note_logout(dialog.user, LoginTo::Dialog);
        self.cancel_orders_of(dialog.user);
    }

    /// A user's orders are to be cancelled, if it wants that when a dialog of its ends.
    pub(crate) fn cancel_orders_of(&mut self, user: UserIndex) {
        let wants = self.directory.user(user).is_some_and(|user| user.flags & USER_CANCEL_ON_DISCONNECT != 0);
        if !wants || !self.is_active() || self.owed.0.contains(&user) {
            return;
        }
        self.flows.cancel_begins(user);
        self.owed.0.push_back(user);
        self.give_owed();
    }

    /// Gives the cancels that are owed. False: the ring has no room for all of them.
    #[cold]
    pub(crate) fn give_owed(&mut self) -> bool {
        while let Some(&user) = self.owed.0.front() {
            let Some(mut slot) = self.sender.reserve(CommandKind::MassCancel.size()) else { break };
            let header = CommandHeader {
                kind: MassCancel::KIND as u16,
                length: CommandKind::MassCancel.size() as u16, // at most MAX_COMMAND
                session: DialogNumber::new(self.settings.front, 0, 0).0,
                request: 0,
                user: UserIndex::NONE,
                reserved: 0,
            };
            let body = MassCancel {
                scope: MassScope::User as u8,
                cause: BY_DISCONNECT,
                reserved: [0; 2],
                index: user.0.into(),
            };
            let (head, rest) = slot.split_at_mut(size_of::<CommandHeader>());
            *CommandHeader::mut_from_bytes(head).expect("a slot is aligned, and its head as long as a header") = header;
            *MassCancel::mut_from_bytes(rest).expect("a command's size is its header's and its body's") = body;
            slot.commit(Nanoseconds(self.now.nanos()));
            self.counters.disconnect_cancels += 1;
            self.owed.0.pop_front();
        }
        self.sender.publish();
        self.owed.is_empty()
    }

    /// This core speaks to members no more: what it still owes is nobody's business any more.
    pub(crate) fn forget_owed(&mut self) {
        self.owed.0.clear();
        self.flows.clear_cancels();
    }

    /// A cancel that this core gave came out of the log.
    #[cold]
    pub(crate) fn take_disconnect(&mut self, header: &CommandHeader, cancel: &MassCancel) {
        if is_disconnect(header, cancel) && DialogNumber(header.session).front() == self.settings.front {
            self.flows.cancel_ends(UserIndex(cancel.index as u16));
        }
    }
}

/// MassCancel.cause: the member's disconnect.
const BY_DISCONNECT: u8 = 1;

/// A cancel that a front gave for a user whose dialog had ended.
pub(crate) fn is_disconnect(header: &CommandHeader, cancel: &MassCancel) -> bool {
    header.user == UserIndex::NONE
        && cancel.cause == BY_DISCONNECT
        && cancel.scope == MassScope::User as u8
        && u16::try_from(cancel.index).is_ok()
}
