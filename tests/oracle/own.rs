//! What the exchange itself commands, and what an operator may get wrong.

use super::base::{DATA_CENTER, INSTRUMENTS, PARTICIPANTS, PRODUCTS, USERS, base_data, day, phase_set, text};
use super::{Generator, SOON, Style};
use engine::command::*;
use engine::types::*;

impl Generator {
    /// The exchange's own doings; but in tight days what they forbid is allowed again soon.
    pub(super) fn own_and_back(&mut self) -> CommandBuffer {
        let command = self.own();
        if self.style == Style::Tight {
            return command;
        }
        match command.command().body {
            // From an auction the way to continuous trading leads through the matching, from a crossed book too.
            BodyView::PhaseSet(set) if set.phase != b'0' && self.style == Style::Churn => {
                let phase = |phase| CommandBuffer::own(&PhaseSet { phase, ..*set });
                let uncross = Uncross { instrument: set.instrument, product: ProductIndex::ALL, step: 3 };
                for back in [phase(b'6'), CommandBuffer::own(&uncross), phase(b'0')] {
                    self.put(SOON, back);
                }
            }
            BodyView::PhaseSet(set) if set.phase != b'1' => {
                self.put(SOON, CommandBuffer::own(&PhaseSet { phase: b'1', ..*set }));
            }
            BodyView::RightSet(set) if set.right != b'0' => {
                self.put(SOON, CommandBuffer::own(&RightSet { right: b'0', ..*set }));
            }
            BodyView::FunctionSet(set) if set.on == 0 => {
                self.put(SOON, CommandBuffer::own(&FunctionSet { on: 1, ..*set }));
            }
            BodyView::ClientLimitSet(set) => {
                self.put(SOON, CommandBuffer::own(&ClientLimitSet { long: 0, short: 0, ..*set }));
            }
            BodyView::MemberLimitSet(set) => {
                self.put(SOON, CommandBuffer::own(&MemberLimitSet { volume: 0, ..*set }));
            }
            BodyView::CreditSet(set) => {
                self.put(SOON, CommandBuffer::own(&CreditSet { amount: -1, ..*set }));
            }
            BodyView::MarketMakerSet(set) => {
                self.put(SOON, CommandBuffer::own(&MarketMakerSet { on: 1, ..*set }));
            }
            BodyView::ExecWindowSet(set) if set.open != 1 => {
                self.put(SOON, CommandBuffer::own(&ExecWindowSet { open: 1, ..*set }));
            }
            _ => {}
        }
        command
    }

    /// The exchange's own doings, and what an operator may get wrong.
    fn own(&mut self) -> CommandBuffer {
        let any_instrument = match self.below(8) {
            0 => InstrumentIndex::ALL,
            1 => InstrumentIndex(INSTRUMENTS),
            n => InstrumentIndex((n % u64::from(INSTRUMENTS)) as u16),
        };
        let any_index = self.below(9) as u32;
        let right = if self.once_in(20) { b'9' } else { self.pick(b"000001002") };
        match self.below(260) {
            0..=39 => {
                // Closing an instrument is for the day's end: nothing comes back from there.
                let ends = self.once_in(60) && (self.style == Style::Tight || self.made > self.operations / 10 * 9);
                let phase = if ends { self.pick(b"79") } else { self.pick(b"00000011123456666") };
                let product = self.product();
                let last_day = if self.once_in(6) { self.pick(&[1, 1, 1, 2]) } else { 0 };
                CommandBuffer::own(&PhaseSet { product, last_day, ..phase_set(any_instrument, phase, b'2', any_index) })
            }
            40..=89 => {
                let product = self.product();
                CommandBuffer::own(&Uncross { instrument: any_instrument, product, step: any_index })
            }
            90..=109 => CommandBuffer::own(&MarketDataTick { reserved: 0 }),
            110..=113 => CommandBuffer::own(&MassCancel {
                scope: self.below(6) as u8,
                cause: self.pick(&[0, 0, 0, 1, 1, 2]),
                reserved: [0; 2],
                index: any_index,
            }),
            114..=133 => CommandBuffer::own(&RightSet {
                scope: self.below(7) as u8,
                right,
                instrument: any_instrument,
                index: any_index,
            }),
            134..=153 => CommandBuffer::own(&PositionSet {
                account: AccountIndex(any_index),
                instrument: any_instrument,
                hedge: self.pick(b"11345"),
                reserved: 0,
                long_yesterday: self.below(30) as u32,
                long_today: self.below(30) as u32,
                short_yesterday: self.below(30) as u32,
                short_today: self.below(30) as u32,
            }),
            154..=158 => {
                let participant =
                    if self.once_in(2) { ParticipantIndex::ALL } else { ParticipantIndex(any_index as u16) };
                CommandBuffer::own(&Bulletin {
                    participant,
                    urgency: b'1',
                    reserved: 0,
                    news_type: text("001"),
                    reserved_2: 0,
                    summary: text("通知 notice"),
                    content: text("内容 content"),
                })
            }
            159..=162 => {
                let report = ReadinessReport { readiness: b'1', reserved: [0; 3], content: text("就绪 ready") };
                CommandBuffer::new(3, 4, UserIndex(self.below(u64::from(USERS)) as u16), &report)
            }
            163..=165 => {
                let user = UserIndex(self.below(u64::from(USERS) + 1) as u16);
                CommandBuffer::new(3, 4, user, &PasswordUpdate { secret: text("another") })
            }
            166..=168 => CommandBuffer::own(&SeatBlock {
                user: UserIndex(any_index as u16),
                blocked: self.below(2) as u8,
                reserved: 0,
                text: text("blocked"),
            }),
            169..=170 => CommandBuffer::own(&BookRestate { reserved: 0 }),
            171 => CommandBuffer::own(&day(&mut self.random, self.style, 1)),
            172..=176 => {
                let mut again = base_data(&mut self.random, self.style);
                let place = self.below(again.len() as u64) as usize;
                again.swap_remove(place)
            }
            177..=179 => {
                let higher = self.once_in(2);
                let epoch = if higher { self.epoch + 1 } else { self.epoch };
                self.epoch = epoch;
                CommandBuffer::own(&EpochOpen {
                    epoch: Epoch(epoch),
                    data_center: DATA_CENTER,
                    old_epoch: Epoch(1),
                    reserved: 0,
                    cut_sequence: Sequence(1),
                })
            }
            180..=182 => CommandBuffer::own(&TakeoverStep {
                step: any_index as u16,
                outcome: 0,
                reserved: 0,
                elapsed: Nanoseconds(0),
            }),
            200..=209 => self.function(),
            210..=219 => self.limit(any_instrument, any_index),
            220..=231 => {
                // Less than what is used already, just enough for a few more lots, or not checked.
                let amount = match self.below(4) {
                    0 => -1 - i64::from(self.once_in(10)),
                    1 => 0,
                    _ => self.below(400) as i64 * 1_000_000,
                };
                CommandBuffer::own(&CreditSet {
                    participant: ParticipantIndex(self.below(u64::from(PARTICIPANTS) + 1) as u16),
                    kind: self.pick(&[0, 0, 0, 0, 1, 1, 1, 1, 2]),
                    reserved: [0; 5],
                    amount,
                })
            }
            232..=237 => CommandBuffer::own(&MarketMakerSet {
                account: AccountIndex(any_index),
                product: self.product(),
                on: self.pick(&[0, 0, 1, 2]),
                reserved: 0,
            }),
            238..=240 => CommandBuffer::own(&ScheduleSet {
                step: any_index + 6,
                time: 40_000_000 + 10_000_000 * self.below(15) as u32,
                product: self.product(),
                action: self.below(6) as u8,
                phase: if self.once_in(2) { 0 } else { self.pick(b"0126x") },
                last_day: 0,
                reserved: [0; 3],
            }),
            241..=249 => CommandBuffer::own(&ExecWindowSet {
                product: self.product(),
                open: self.pick(&[0, 0, 1, 1, 1, 2]),
                reserved: 0,
                step: any_index,
            }),
            // The most usual need: an auction is matched and trading goes on.
            183..=190 => CommandBuffer::own(&phase_set(any_instrument, b'6', b'1', 0)),
            _ => CommandBuffer::own(&phase_set(any_instrument, b'0', b'1', 0)),
        }
    }

    /// Any product, mostly all of them; now and then none.
    fn product(&mut self) -> ProductIndex {
        match self.below(12) {
            0 => ProductIndex(PRODUCTS),
            n @ 1..=3 => ProductIndex(n as u16 - 1),
            _ => ProductIndex::ALL,
        }
    }

    /// A switch; where it is not thrown back soon it mostly goes on.
    fn function(&mut self) -> CommandBuffer {
        let on = if self.style == Style::Tight { self.pick(&[0, 1, 1, 1]) } else { self.pick(&[0, 0, 1, 2]) };
        let functions = match self.below(20) {
            0 => 1 << 13,
            _ if on == 1 => Function::BITS,
            _ => 1 << self.below(13),
        };
        CommandBuffer::own(&FunctionSet {
            product: self.product(),
            on,
            reserved: 0,
            functions,
            text: text("测试 test"),
        })
    }

    /// A limit of a client number or of a participant.
    fn limit(&mut self, instrument: InstrumentIndex, index: u32) -> CommandBuffer {
        let lots = if self.once_in(3) { self.below(60) as u32 } else { 1_000 };
        if self.once_in(2) {
            let participant = ParticipantIndex((index % (u32::from(PARTICIPANTS) + 1)) as u16);
            return CommandBuffer::own(&MemberLimitSet { participant, instrument, volume: lots });
        }
        CommandBuffer::own(&ClientLimitSet {
            client: ClientNumber(index),
            instrument,
            class: self.pick(&[0, 0, 0, 1, 2]),
            reserved: 0,
            long: lots,
            short: lots / 2,
        })
    }
}
