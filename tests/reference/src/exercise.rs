//! Exercise and abandonment (RULES.md, Exercise and abandonment).

use crate::checks::{HEDGES, blank, require};
use crate::command::{EXERCISE, ExecOrderCancel, ExecOrderInsert, function};
use crate::digest::Thing;
use crate::event::Event;
use crate::exchange::{Exchange, Refusal, Stream};
use crate::number::{Key, User};
use crate::reject::Reject;
use crate::reservations::of_yesterday;
use crate::state::{BUY, Holding, IdKind, Instruction, Mark, right};

impl Exchange {
    pub(crate) fn exec_order_insert(&mut self, insert: &ExecOrderInsert) -> Result<(), Refusal> {
        let admit = |exchange: &mut Self, user| exchange.admit_instruction(user, insert);
        self.numbered(IdKind::Exec, insert.local_id, admit)?;
        let user = self.header.user;
        let mut instruction = Instruction {
            key: Key::new(self.state.sequence, 0),
            sys_id: self.system_id(0),
            user,
            participant: self.state.traders[&user].define.participant,
            insert: *insert,
            accepted_at: self.state.time,
            yesterday: 0,
        };
        if instruction.exercises() {
            let holding = self.state.rows[&instruction.row()][BUY];
            instruction.yesterday = of_yesterday(&holding, insert.volume, self.state.close_today_first());
            self.freeze(instruction.row(), BUY, insert.volume, instruction.yesterday, true);
        }
        let (key, sys_id) = (instruction.key, instruction.sys_id);
        self.state.mark(user, IdKind::Exec, insert.local_id, Mark { key, sys_id });
        self.state.instruction_ids.insert(sys_id, key);
        self.state.instructions.insert(key, instruction.clone());
        self.touch(Thing::Instruction(key));

        let private_number = self.next_private(instruction.participant);
        let yesterday = instruction.yesterday;
        self.outcome.events.push(Event::ExecAccepted { yesterday, private_number, sys_id });
        let request = self.header.request;
        self.answer(|state| state.instruction_answer(request, &instruction));
        self.tell_instruction(private_number, &instruction, false);
        Ok(())
    }

    fn admit_instruction(&self, user: User, insert: &ExecOrderInsert) -> Result<(), Reject> {
        let state = &self.state;
        let supported = matches!(insert.action, b'1' | b'2') && HEDGES.contains(&insert.hedge);
        require(supported, Reject::OrderUnsupported)?;
        let (account, instrument) = (insert.account, insert.instrument);
        let (_, market) = state.admit_names(user, account, instrument, function::EXERCISE)?;
        let worst = state.worst_right(user, account, instrument);
        require(worst != right::FORBIDDEN, Reject::RightForbidden)?;
        let exercisable = market.define.option_type != b'0' && market.define.flags & EXERCISE != 0;
        require(exercisable, Reject::NotExercisable)?;
        require(state.family(instrument).window, Reject::ExerciseWindowClosed)?;
        require(insert.volume >= 1, Reject::VolumeBelowMinimum)?;

        let row = (account, instrument, insert.hedge);
        let holding = state.rows.get(&row).map_or(Holding::default(), |row| row[BUY]);
        let held = holding.yesterday + holding.today;
        let taken = if insert.action == b'1' {
            holding.frozen_yesterday + holding.frozen_today
        } else {
            let of_row = state.instructions.values().filter(|other| other.row() == row && !other.exercises());
            of_row.map(|other| u64::from(other.insert.volume)).sum()
        };
        // What was abandoned may have been closed since: then nothing is left to abandon.
        let left = held.saturating_sub(taken);
        require(left >= u64::from(insert.volume), Reject::PositionInsufficient)?;
        let most = state.day.expect("the day is open").exec_orders as usize;
        require(state.instructions.len() < most, Reject::ExecOrdersExhausted)
    }

    pub(crate) fn exec_order_cancel(&mut self, cancel: &ExecOrderCancel) -> Result<(), Refusal> {
        let user = self.header.user;
        let state = &self.state;
        let trader = state.traders.get(&user).ok_or(Reject::IndexUnknown)?;
        require::<Refusal>(cancel.action == b'0', Reject::ActionUnsupported)?;
        let key = if blank(&cancel.sys_id) {
            state.marks.get(&(user, IdKind::Exec, cancel.local_id)).map(|mark| mark.key)
        } else {
            state.instruction_ids.get(&cancel.sys_id).copied()
        };
        let target = key.and_then(|key| state.instructions.get(&key)).ok_or(Reject::OrderNotFound)?;
        require::<Refusal>(target.participant == trader.define.participant, Reject::OrderNotYours)?;
        let window = state.family(target.insert.instrument).window;
        require::<Refusal>(window, Reject::ExerciseWindowClosed)?;

        let key = target.key;
        let instruction = self.state.instructions.remove(&key).expect("found above");
        self.state.instruction_ids.remove(&instruction.sys_id);
        self.touch(Thing::Instruction(key));
        if instruction.exercises() {
            self.freeze(instruction.row(), BUY, instruction.insert.volume, instruction.yesterday, false);
        }
        let private_number = self.next_private(instruction.participant);
        self.outcome.events.push(Event::ExecEnded { order: key, private_number });
        let request = self.header.request;
        self.answer(|state| state.instruction_cancel_answer(request, user, cancel, &instruction));
        self.tell_instruction(private_number, &instruction, true);
        Ok(())
    }

    fn tell_instruction(&mut self, private_number: u32, instruction: &Instruction, ended: bool) {
        let number = self.state.private(instruction.participant, private_number);
        let bytes = self.state.instruction_notice(number, instruction, ended);
        self.tell(Stream::Private(instruction.participant), private_number, bytes);
    }
}
