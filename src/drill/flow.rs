//! A file's day: its rows in order, one on its way at a time, so that the trades must come out as the file's. After a takeover the rows
//! that were rolled back, or not answered, leave again in their order before the file goes on.

use super::day::Day;
use super::death::Death;
use super::members::MemberNode;
use super::traders::limit;
use crate::flow_log::{self, COMMANDS_A_ROW};
use crate::order_flow::{Operation, OrderFlow, OrderNumber};
use engine::command::{CommandBuffer, DayClose};
use engine::types::Direction;
use member_api::{CancelState, LocalId, OrderState};
use net::{Instant, Transport};
use std::collections::VecDeque;
use std::time::Duration;

/// How long the day's end waits for members to be told everything, virtual.
const SETTLING: Duration = Duration::from_secs(600);

/// The director.
pub struct FlowDirector {
    flow: OrderFlow,
    /// The next row that has not left yet.
    next_row: usize,
    /// Rows that have to leave again.
    again: VecDeque<usize>,
    /// The row that is on its way, and of a row of the exchange's own, how many commands are executed.
    under_way: Option<(usize, usize)>,
    /// ActionLocalIds of cancels, by row.
    cancels: Vec<Option<LocalId>>,
    resumed: bool,
    closed_at: Option<Instant>,
}

impl FlowDirector {
    /// A director for a file.
    #[must_use]
    pub fn new(flow: OrderFlow) -> Self {
        let cancels = vec![None; flow.rows.len()];
        FlowDirector {
            flow,
            next_row: 0,
            again: VecDeque::new(),
            under_way: None,
            cancels,
            resumed: false,
            closed_at: None,
        }
    }

    /// Does what is due in this round.
    pub fn act(&mut self, day: &mut Day) {
        if !day.begin() {
            return;
        }
        if day.death.armed_at.is_none()
            && let Death::At(fraction) = day.fate.death
            && self.next_row as f64 >= fraction * self.flow.rows.len() as f64
            && self.next_row > 0
        {
            day.arm(day.fate.bytes_later);
        }
        if day.is_between() {
            return;
        }
        if day.primary.is_dead() && !self.resumed {
            if !day.everybody_came_back() {
                return;
            }
            self.resumed = true;
            self.find_rows_to_repeat(day);
        }
        // A row of the exchange's own is several commands; a member's row waits for its answer.
        while let Some((row, place)) = self.under_way {
            if !self.go_on(day, row, place) {
                return;
            }
        }
        if let Some(row) = self.again.pop_front() {
            self.under_way = Some((row, self.commands_done(day, row)));
            self.release(day, row);
        } else if self.next_row < self.flow.rows.len() {
            let row = self.next_row;
            self.next_row += 1;
            day.orders_sent = self.next_row as u32;
            self.under_way = Some((row, 0));
            self.send(day, row);
        } else {
            self.end(day);
        }
    }

    fn member_of(day: &Day, order: OrderNumber) -> usize {
        order as usize % day.members.len()
    }

    fn id(order: OrderNumber) -> LocalId {
        LocalId(flow_log::local_id(order))
    }

    fn send(&mut self, day: &mut Day, row: usize) {
        match self.flow.rows[row].operation {
            Operation::Insert { order, direction, price, volume } => {
                let index = Self::member_of(day, order);
                let terms = &day.world.instruments[0];
                let sent = limit(&day.world, index, 0, terms, direction == Direction::Buy, price, volume);
                day.members[index].member.insert_as(Self::id(order), sent);
                Self::let_go(&mut day.members[index]);
            }
            Operation::Cancel { order } => {
                let index = Self::member_of(day, order);
                let node = &mut day.members[index];
                // Every other cancel names the order by its local id.
                let by_local_id = row.is_multiple_of(2);
                let id = Self::id(order);
                let action = if by_local_id { node.member.cancel_by_local_id(id) } else { node.member.cancel(id) };
                self.cancels[row] = Some(action.expect("its insert left before"));
                Self::let_go(&mut day.members[index]);
            }
            Operation::Call | Operation::Uncross => {}
        }
    }

    fn let_go<T: Transport>(node: &mut MemberNode<T>) {
        node.member.release_next();
        node.restless = true;
    }

    /// A row that waits at its member leaves again.
    fn release(&self, day: &mut Day, row: usize) {
        if let Operation::Insert { order, .. } | Operation::Cancel { order } = self.flow.rows[row].operation {
            let index = Self::member_of(day, order);
            Self::let_go(&mut day.members[index]);
        }
    }

    /// Whether the row that is on its way is done with; commands of the exchange's own are executed here.
    fn go_on(&mut self, day: &mut Day, row: usize, place: usize) -> bool {
        let operation = self.flow.rows[row].operation;
        if matches!(operation, Operation::Insert { .. } | Operation::Cancel { .. }) {
            if !self.is_answered(day, row) {
                return false;
            }
            self.under_way = None;
            return true;
        }
        let commands = flow_log::schedule(row as u32, operation);
        let Some(command) = commands.get(place) else {
            self.under_way = None;
            return true;
        };
        let before = day.primary.records().log.len() as u64;
        if !day.operate(command) {
            return false;
        }
        self.under_way = Some((row, place + 1));
        let is_uncross = operation == Operation::Uncross && place == 1;
        if is_uncross && day.fate.death == Death::InUncross && day.death.armed_at.is_none() {
            let inside = (day.primary.records().log.len() as u64 - before).saturating_sub(2).max(1);
            day.arm_at(before + 1 + day.fate.bytes_later * 37 % inside);
            return false;
        }
        true
    }

    fn is_answered(&self, day: &Day, row: usize) -> bool {
        match self.flow.rows[row].operation {
            Operation::Insert { order, .. } => {
                let node = &day.members[Self::member_of(day, order)];
                let known = node.member.view().order(node.member.user_id(), Self::id(order));
                known.is_some_and(|known| {
                    !matches!(known.state, OrderState::Waiting | OrderState::Sent | OrderState::RolledBack)
                })
            }
            Operation::Cancel { order } => {
                let node = &day.members[Self::member_of(day, order)];
                let state = self.cancels[row].and_then(|action| node.member.cancel_state(action));
                state.is_some_and(|(state, _)| {
                    !matches!(state, CancelState::Waiting | CancelState::Sent | CancelState::RolledBack)
                })
            }
            Operation::Call | Operation::Uncross => true,
        }
    }

    /// Commands of a row of the exchange's own that stand in the log.
    fn commands_done(&self, day: &Day, row: usize) -> usize {
        let last = day.backstop.front().directory().last_step() as usize;
        last.saturating_sub(row * COMMANDS_A_ROW).min(COMMANDS_A_ROW)
    }

    fn find_rows_to_repeat(&mut self, day: &Day) {
        self.under_way = None;
        for row in 0..self.next_row {
            let is_done = match self.flow.rows[row].operation {
                Operation::Call | Operation::Uncross => {
                    let commands = flow_log::schedule(row as u32, self.flow.rows[row].operation).len();
                    self.commands_done(day, row) >= commands
                }
                _ => self.is_answered(day, row),
            };
            if !is_done {
                self.again.push_back(row);
            }
        }
    }

    fn end(&mut self, day: &mut Day) {
        if !day.primary.is_dead() {
            day.arm(0);
            return;
        }
        let Some(closed_at) = self.closed_at else {
            if day.operate(&CommandBuffer::own(&DayClose { reserved: 0, step: u32::MAX })) {
                self.closed_at = Some(day.now);
            }
            return;
        };
        day.close_when_told(closed_at + SETTLING);
    }
}
