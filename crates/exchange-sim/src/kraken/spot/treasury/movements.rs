//! Deposits and withdrawals on their way, which go on by time.
//!
//! | State | From, after the request |
//! |---|---|
//! | `Initial` | at once |
//! | `Pending` | 5 seconds |
//! | `Settled` | 30 seconds; a withdrawal is booked and can't be cancelled any more |
//! | `Success` | 60 seconds; a deposit is credited |
//!
//! A cancellation that was asked for before the withdrawal settled is decided
//! after 2 seconds, and meanwhile the withdrawal stays where it is.

use std::time::Duration;

use rust_decimal::Decimal;

use super::super::statement::{Cause, Leg};
use super::methods::Method;
use super::{Spot, Treasury};
use crate::Moment;
use crate::books::{BooksError, Holder};
use crate::json::{Json, object};
use crate::kraken::answer::Refusal;
use crate::kraken::params::Params;

use super::super::account::fixed;

/// So many are remembered; finished ones are forgotten first.
const MOST: usize = 10_000;

const PENDING_AFTER: Duration = Duration::from_secs(5);
const SETTLED_AFTER: Duration = Duration::from_secs(30);
const SUCCESS_AFTER: Duration = Duration::from_secs(60);
const CANCEL_AFTER: Duration = Duration::from_secs(2);

/// How far a deposit or withdrawal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Initial,
    Pending,
    Settled,
    Success,
    Failure,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Initial => "Initial",
            Self::Pending => "Pending",
            Self::Settled => "Settled",
            Self::Success => "Success",
            Self::Failure => "Failure",
        }
    }

    fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failure)
    }
}

/// What is told besides the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    CancelPending,
    Canceled,
    CancelDenied,
    OnHold,
}

impl Note {
    fn name(self) -> &'static str {
        match self {
            Self::CancelPending => "cancel-pending",
            Self::Canceled => "canceled",
            Self::CancelDenied => "cancel-denied",
            Self::OnHold => "onhold",
        }
    }
}

/// Which way the money goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    /// Out, to the address that is saved under this name.
    Out(String),
}

/// A deposit or a withdrawal.
#[derive(Clone, Debug)]
pub(crate) struct Movement {
    pub serial: u64,
    pub way: Way,
    pub account: String,
    pub method: &'static Method,
    pub refid: String,
    /// None before a withdrawal is sent.
    pub txid: Option<String>,
    /// The address.
    pub info: String,
    /// Of a deposit what was sent, of a withdrawal what arrives.
    pub amount: Decimal,
    /// Of a deposit taken from the amount, of a withdrawal on top of it.
    pub fee: Decimal,
    pub time: Moment,
    pub state: State,
    pub note: Option<Note>,
    /// A cancellation will be denied.
    pub unstoppable: bool,
}

impl Movement {
    /// What a withdrawal takes from the account.
    pub(crate) fn gross(&self) -> Decimal {
        self.amount + self.fee
    }

    /// When it goes on by itself.
    fn due(&self) -> Option<Moment> {
        let after = match self.state {
            State::Initial => PENDING_AFTER,
            State::Pending => SETTLED_AFTER,
            State::Settled => SUCCESS_AFTER,
            State::Success | State::Failure => return None,
        };
        Some(self.time.plus(after))
    }

    /// As the status calls show it.
    pub(crate) fn json(&self) -> Json {
        let decimals = self.method.asset().map_or(10, |asset| asset.decimals);
        let mut shown = object! { "method" => self.method.name };
        let Json::Object(members) = &mut shown else {
            return shown;
        };
        let mut add = |name: &str, value: Json| {
            members.insert(name.to_owned(), value);
        };
        if let (Way::Out(_), Some(network)) = (&self.way, self.method.network) {
            add("network", network.into());
        }
        add("aclass", "currency".into());
        add("asset", self.method.asset.into());
        add("refid", self.refid.as_str().into());
        add("txid", self.txid.as_deref().into());
        add("info", self.info.as_str().into());
        add("amount", fixed(self.amount, decimals));
        add("fee", fixed(self.fee, decimals));
        add("time", self.time.seconds().into());
        add("status", self.state.name().into());
        if let Some(note) = self.note {
            add("status-prop", note.name().into());
        }
        if let Way::Out(key) = &self.way {
            add("key", key.as_str().into());
        }
        shown
    }
}

impl Treasury {
    pub(crate) fn movements(&self) -> impl DoubleEndedIterator<Item = &Movement> {
        self.movements.iter()
    }

    fn place(&self, serial: u64) -> Option<usize> {
        self.movements
            .binary_search_by_key(&serial, |movement| movement.serial)
            .ok()
    }

    fn movement(&mut self, serial: u64) -> Option<&mut Movement> {
        let place = self.place(serial)?;
        self.movements.get_mut(place)
    }

    /// Whether there is room for one more.
    pub(crate) fn has_room(&mut self) -> bool {
        if self.movements.len() < MOST {
            return true;
        }
        let finished = self.movements.iter().position(|one| one.state.is_final());
        finished.is_some_and(|place| self.movements.remove(place).is_some())
    }

    /// Takes on a movement, whose serial number is given here; a withdrawal
    /// holds back its money from now on.
    pub(crate) fn take_on(&mut self, mut movement: Movement) {
        movement.serial = self.serial;
        self.serial += 1;
        if let Some(due) = movement.due() {
            self.agenda.insert((due, movement.serial));
        }
        if matches!(movement.way, Way::Out(_)) {
            self.change_held(&movement, movement.gross());
        }
        self.movements.push_back(movement);
    }

    fn change_held(&mut self, movement: &Movement, change: Decimal) {
        let assets = self.held.entry(movement.account.clone()).or_default();
        let held = assets.entry(movement.method.asset.to_owned()).or_default();
        *held += change;
        if held.is_zero() {
            assets.remove(movement.method.asset);
        }
    }

    /// Ends a withdrawal that is not booked; its money is free again.
    fn fail(&mut self, serial: u64, note: Option<Note>) {
        let Some(movement) = self.movement(serial) else {
            return;
        };
        movement.state = State::Failure;
        movement.note = note;
        let movement = movement.clone();
        if matches!(movement.way, Way::Out(_)) {
            self.change_held(&movement, -movement.gross());
        }
    }

    fn unschedule(&mut self, serial: u64) {
        self.agenda.retain(|(_, one)| *one != serial);
    }

    /// Finds a movement of an account by its reference.
    pub(crate) fn find(&self, account: &str, refid: &str) -> Option<&Movement> {
        let mut newest_first = self.movements.iter().rev();
        newest_first.find(|one| one.account == account && one.refid == refid)
    }

    /// The serial number of a movement of whatever account.
    pub(crate) fn serial_of(&self, refid: &str) -> Option<u64> {
        let mut newest_first = self.movements.iter().rev();
        newest_first
            .find(|one| one.refid == refid)
            .map(|one| one.serial)
    }

    /// Asks for a withdrawal to be cancelled; `false` if it is too late.
    pub(crate) fn ask_to_cancel(&mut self, serial: u64, now: Moment) -> bool {
        let Some(movement) = self.movement(serial) else {
            return false;
        };
        if !matches!(movement.state, State::Initial | State::Pending) {
            return false;
        }
        if movement.note != Some(Note::CancelPending) {
            movement.note = Some(Note::CancelPending);
            self.unschedule(serial);
            self.agenda.insert((now.plus(CANCEL_AFTER), serial));
        }
        true
    }

    /// Fails a deposit that is not credited or a withdrawal that is not sent;
    /// `false` if it is too late.
    pub(crate) fn deny(&mut self, serial: u64) -> bool {
        let Some(movement) = self.movement(serial) else {
            return false;
        };
        let too_late = match movement.way {
            Way::In => movement.state.is_final(),
            Way::Out(_) => !matches!(movement.state, State::Initial | State::Pending),
        };
        if !too_late {
            self.unschedule(serial);
            self.fail(serial, None);
        }
        !too_late
    }

    /// Keeps a movement where it is; `false` if it is over.
    pub(crate) fn put_on_hold(&mut self, serial: u64) -> bool {
        let Some(movement) = self.movement(serial) else {
            return false;
        };
        if movement.state.is_final() {
            return false;
        }
        movement.note = Some(Note::OnHold);
        self.unschedule(serial);
        true
    }

    /// Lets a movement go on that was kept where it is; `false` if it was not.
    pub(crate) fn release(&mut self, serial: u64, now: Moment) -> bool {
        let Some(movement) = self.movement(serial) else {
            return false;
        };
        if movement.note != Some(Note::OnHold) {
            return false;
        }
        movement.note = None;
        if let Some(due) = movement.due() {
            self.agenda.insert((due.max(now), serial));
        }
        true
    }

    /// Has the cancellation of a withdrawal denied, whenever it is asked for.
    pub(crate) fn make_unstoppable(&mut self, serial: u64) -> bool {
        let movement = self.movement(serial);
        movement.is_some_and(|movement| {
            movement.unstoppable = true;
            !movement.state.is_final()
        })
    }

    /// Makes everything due that goes on by itself.
    fn hasten(&mut self, now: Moment) -> bool {
        let all = std::mem::take(&mut self.agenda);
        let waiting = all.first().is_some();
        self.agenda = all
            .into_iter()
            .map(|(due, serial)| (due.min(now), serial))
            .collect();
        waiting
    }
}

impl Spot {
    /// Brings deposits and withdrawals to the state they have at `now`.
    pub(crate) fn settle_treasury(&mut self, now: Moment) {
        while let Some((due, serial)) = self.treasury.agenda.first().copied() {
            if due > now {
                break;
            }
            self.treasury.agenda.pop_first();
            self.go_on(serial, due);
        }
    }

    /// Brings all deposits and withdrawals to their end, but for those on hold.
    pub(crate) fn finish_movements(&mut self, now: Moment) {
        while self.treasury.hasten(now) {
            self.settle_treasury(now);
        }
    }

    /// Brings a movement to its next state, which is reached at `due`.
    fn go_on(&mut self, serial: u64, due: Moment) {
        let Some(movement) = self.treasury.movement(serial) else {
            return;
        };
        if movement.note == Some(Note::CancelPending) {
            if !movement.unstoppable {
                self.treasury.fail(serial, Some(Note::Canceled));
                return;
            }
            movement.note = Some(Note::CancelDenied);
        } else {
            let movement = movement.clone();
            let (next, booked) = match (&movement.way, movement.state) {
                (_, State::Initial) => (State::Pending, Ok(())),
                (Way::In, State::Pending) => (State::Settled, Ok(())),
                (Way::Out(_), State::Pending) => (State::Settled, self.send(&movement, due)),
                (Way::In, State::Settled) => (State::Success, self.credit(&movement, due)),
                (Way::Out(_), State::Settled) => (State::Success, Ok(())),
                (_, State::Success | State::Failure) => return,
            };
            if booked.is_err() {
                // What a withdrawal takes was held, so this can only be a
                // deposit that makes the balance too long to be kept.
                self.treasury.fail(serial, None);
                return;
            }
            if let Some(movement) = self.treasury.movement(serial) {
                movement.state = next;
            }
        }
        let next = self.treasury.movement(serial).and_then(|one| one.due());
        if let Some(next) = next {
            self.treasury.agenda.insert((next.max(due), serial));
        }
    }

    /// Books a withdrawal and sends it off.
    fn send(&mut self, movement: &Movement, due: Moment) -> Result<(), BooksError> {
        let cause = Cause {
            refid: movement.refid.clone(),
            kind: "withdrawal",
            subtype: "",
            time: self.entry_time(&movement.account, due),
        };
        let leg = Leg {
            account: movement.account.clone(),
            asset: movement.method.asset.to_owned(),
            amount: -movement.amount,
            fee: movement.fee,
            other: Holder::Outside,
        };
        self.book(&cause, &[leg])?;
        self.treasury.change_held(movement, -movement.gross());
        let txid = movement.method.transaction(&mut self.ids);
        if let Some(movement) = self.treasury.movement(movement.serial) {
            movement.txid = Some(txid);
        }
        Ok(())
    }

    /// Credits a deposit.
    fn credit(&mut self, movement: &Movement, due: Moment) -> Result<(), BooksError> {
        let cause = Cause {
            refid: movement.refid.clone(),
            kind: "deposit",
            subtype: "",
            time: self.entry_time(&movement.account, due),
        };
        let leg = Leg {
            account: movement.account.clone(),
            asset: movement.method.asset.to_owned(),
            amount: movement.amount,
            fee: movement.fee,
            other: Holder::Outside,
        };
        self.book(&cause, &[leg]).map(drop)
    }

    /// The time of an entry for what happened at `due`: that or, as entries are
    /// in order of time, that of the account's last entry if it is later.
    pub(crate) fn entry_time(&self, account: &str, due: Moment) -> Moment {
        let last = self
            .statements
            .get(account)
            .and_then(|statement| statement.entries.back());
        last.map_or(due, |last| last.time.max(due))
    }
}

/// What the two status calls share: filters, newest first, pages if asked for.
pub(crate) fn status(
    spot: &Spot,
    account: &str,
    params: &Params,
    outward: bool,
    (page, member): (usize, &str),
) -> Result<Json, Refusal> {
    const MOST_ON_A_PAGE: i64 = 500;
    super::super::account::check_rebase(params)?;
    let asset = super::filter_asset(params)?;
    let method = params.text("method");
    let time = |name: &str| {
        params
            .text(name)
            .map(|text| Moment::parse_seconds(&text).ok_or_else(|| Refusal::argument(name)))
            .transpose()
    };
    let (start, end) = (time("start")?, time("end")?);
    let page = match params.integer("limit")? {
        None => page,
        Some(limit @ 1..=MOST_ON_A_PAGE) => {
            usize::try_from(limit).map_err(|_| Refusal::argument("limit"))?
        }
        Some(_) => return Err(Refusal::argument("limit")),
    };
    let (paged, before) = match params.text("cursor").as_deref() {
        None | Some("false") => (false, None),
        Some("true") => (true, None),
        Some(cursor) => {
            let serial = u64::from_str_radix(cursor, 16);
            let serial = serial.map_err(|_| Refusal::argument("cursor"))?;
            (true, Some(serial))
        }
    };
    let mut found = spot.treasury.movements().rev().filter(|one| {
        one.account == account
            && matches!(one.way, Way::Out(_)) == outward
            && asset.is_none_or(|asset| asset.id == one.method.asset)
            && method
                .as_ref()
                .is_none_or(|name| one.method.is_called(name))
            && start.is_none_or(|start| one.time >= start)
            // To the whole second, as the time is shown.
            && end.is_none_or(|end| one.time.seconds() <= end.seconds())
            && before.is_none_or(|before| one.serial < before)
    });
    let shown: Vec<&Movement> = found.by_ref().take(page).collect();
    let list: Json = shown.iter().map(|one| one.json()).collect();
    if !paged {
        return Ok(list);
    }
    let more = found.next().is_some();
    let next = shown.last().filter(|_| more);
    let next = next.map(|last| format!("{:016x}", last.serial));
    Ok(object! { member => list, "next_cursor" => next })
}
