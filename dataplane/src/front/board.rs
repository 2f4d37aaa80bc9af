//! The readiness board (就绪, 举手): who is back, and who says what. A fold over ReadinessReport; who is logged in, the
//! sessions know.

use engine::command::ReadinessReport;
use engine::types::ParticipantIndex;
use ftd::value::readiness;

/// A participant's line on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardLine {
    /// Whose.
    pub participant: ParticipantIndex,
    /// ParticipantId.
    pub id: [u8; 8],
    /// A dialog stream is logged in.
    pub has_dialog: bool,
    /// A private stream is logged in, and has been told everything.
    pub is_caught_up: bool,
    /// What it said last in this epoch.
    pub readiness: Readiness,
    /// Its words.
    pub text: String,
}

/// What a participant said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// Nothing yet.
    #[default]
    Silent,
    /// It is not ready.
    NotReady,
    /// It is ready.
    Ready,
    /// It raises a hand: it has something to say.
    HandRaised,
}

/// The board in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoardCounts {
    /// Participants of the base data that have a user.
    pub participants: u32,
    /// With a dialog stream logged in.
    pub logged_in: u32,
    /// Logged in to their private stream and told everything.
    pub caught_up: u32,
    /// Logged in to the dialog and ready.
    pub ready: u32,
    /// With a hand raised.
    pub hands: u32,
}

/// What each participant said last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    said: Vec<(Readiness, [u8; 500])>,
}

impl Board {
    /// The day has room for so many participants.
    pub(crate) fn size(&mut self, participants: usize) {
        self.said = vec![(Readiness::Silent, [b' '; 500]); participants];
    }

    /// What was said before a new epoch says nothing of this one.
    pub(crate) fn clear(&mut self) {
        self.said.fill((Readiness::Silent, [b' '; 500]));
    }

    pub(crate) fn report(&mut self, participant: ParticipantIndex, report: &ReadinessReport) {
        if let Some(said) = self.said.get_mut(usize::from(participant.0)) {
            let readiness = match report.readiness {
                readiness::READY => Readiness::Ready,
                readiness::RAISED_HAND => Readiness::HandRaised,
                _ => Readiness::NotReady,
            };
            *said = (readiness, report.content);
        }
    }

    pub(crate) fn readiness(&self, participant: ParticipantIndex) -> Readiness {
        self.said.get(usize::from(participant.0)).map_or(Readiness::Silent, |said| said.0)
    }

    pub(crate) fn text(&self, participant: ParticipantIndex) -> String {
        let text = self.said.get(usize::from(participant.0)).map_or(&[][..], |said| &said.1[..]);
        String::from_utf8_lossy(text).trim_end_matches([' ', '\0']).to_owned()
    }
}
