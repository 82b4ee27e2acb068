//! Reports to be fetched later.
//!
//! A report is `Queued` for two seconds, then `Processing` for three, then
//! `Processed` and ready as a zip archive with one file. It is made from what
//! the account's books hold when it is ready, and forgotten after 14 days.

use std::collections::VecDeque;
use std::io::{Cursor, Write as _};
use std::time::Duration;

use bytes::Bytes;
use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::account::{decimals_of, fixed};
use super::desk::order::side_name;
use super::orders::kind_of_trade;
use super::{Call, Operation, Permission, Spot};
use crate::Moment;
use crate::json::{Json, list, object};
use crate::kraken::answer::{Outcome, Refusal, Reply};

const EXPORT: Permission = Permission::Any(&["Data - Export data"]);

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("AddExport", add),
    operation("ExportStatus", status),
    operation("RetrieveExport", retrieve),
    operation("RemoveExport", remove),
];

const fn operation(name: &'static str, call: fn(&mut Spot, &Call<'_>) -> Outcome) -> Operation {
    Operation {
        name,
        permission: EXPORT,
        cost: 1,
        call,
    }
}

/// The most reports of an account; the oldest finished one makes room.
const MOST: usize = 20;

const BEGINS_AFTER: Duration = Duration::from_secs(2);
const READY_AFTER: Duration = Duration::from_secs(5);
const KEPT_FOR: Duration = Duration::from_secs(14 * 86_400);

const TRADE_FIELDS: &[&str] = &[
    "ordertxid",
    "pair",
    "time",
    "type",
    "ordertype",
    "price",
    "cost",
    "fee",
    "vol",
    "margin",
    "misc",
    "ledgers",
];

const LEDGER_FIELDS: &[&str] = &[
    "refid", "time", "type", "subtype", "aclass", "asset", "wallet", "amount", "fee", "balance",
];

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Trades,
    Ledgers,
}

impl Kind {
    fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        match call.params.required("report")?.as_str() {
            "trades" => Ok(Self::Trades),
            "ledgers" => Ok(Self::Ledgers),
            _ => Err(Refusal::argument("report")),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Ledgers => "ledgers",
        }
    }

    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Trades => TRADE_FIELDS,
            Self::Ledgers => LEDGER_FIELDS,
        }
    }
}

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Queued,
    Processing,
    Processed,
}

/// A report.
#[derive(Debug)]
struct Report {
    id: String,
    account: String,
    kind: Kind,
    description: String,
    /// As asked for.
    fields: String,
    /// The names of the columns, in their order in the file.
    columns: Vec<&'static str>,
    tabs: bool,
    created: Moment,
    from: Moment,
    until: Moment,
    state: State,
    archive: Bytes,
}

/// Reports asked for, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    reports: VecDeque<Report>,
    /// When the next thing happens by itself.
    next: Option<Moment>,
}

impl Report {
    fn begins(&self) -> Moment {
        self.created.plus(BEGINS_AFTER)
    }

    fn ready(&self) -> Moment {
        self.created.plus(READY_AFTER)
    }

    fn expires(&self) -> Moment {
        self.created.plus(KEPT_FOR)
    }

    /// When it goes on by itself.
    fn next(&self) -> Moment {
        match self.state {
            State::Queued => self.begins(),
            State::Processing => self.ready(),
            State::Processed => self.expires(),
        }
    }

    fn json(&self) -> Json {
        let time = |time: Moment, known: bool| {
            let seconds = if known { time.seconds() } else { 0 };
            seconds.to_string()
        };
        let status = match self.state {
            State::Queued => "Queued",
            State::Processing => "Processing",
            State::Processed => "Processed",
        };
        object! {
            "id" => self.id.as_str(),
            "descr" => self.description.as_str(),
            "format" => if self.tabs { "TSV" } else { "CSV" },
            "report" => self.kind.name(),
            "subtype" => "all",
            "status" => status,
            "flags" => "0",
            "fields" => self.fields.as_str(),
            "createdtm" => time(self.created, true),
            "expiretm" => time(self.expires(), true),
            "starttm" => time(self.begins(), self.state != State::Queued),
            "completedtm" => time(self.ready(), self.state == State::Processed),
            "datastarttm" => time(self.from, true),
            "dataendtm" => time(self.until, true),
            "endtm" => time(self.until, true),
            "aclass" => "forex",
            "asset" => "all",
            "asset_classes" => list!["currency"],
            "delete" => false,
        }
    }
}

impl Exports {
    fn schedule(&mut self) {
        self.next = self.reports.iter().map(Report::next).min();
    }

    fn of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a Report> {
        self.reports
            .iter()
            .filter(move |report| report.account == account)
    }

    /// The place of an account's report.
    fn place(&self, account: &str, id: &str) -> Result<usize, Refusal> {
        self.reports
            .iter()
            .position(|report| report.account == account && report.id == id)
            .ok_or_else(|| Refusal::argument("id"))
    }
}

impl Spot {
    /// Makes the reports that are due.
    pub(crate) fn settle_exports(&mut self, now: Moment) {
        if self.exports.next.is_none_or(|next| next > now) {
            return;
        }
        let mut reports = std::mem::take(&mut self.exports.reports);
        for report in &mut reports {
            if report.begins() <= now && report.state == State::Queued {
                report.state = State::Processing;
            }
            if report.ready() <= now && report.state == State::Processing {
                report.archive = archive(self, report).unwrap_or_default();
                report.state = State::Processed;
            }
        }
        reports.retain(|report| report.expires() > now);
        self.exports.reports = reports;
        self.exports.schedule();
    }
}

/// The first moment of the month of `now`.
fn month(now: Moment) -> Moment {
    let today = now.date_time().date_naive();
    let first = NaiveDate::from_ymd_opt(today.year(), today.month(), 1);
    let first = first.unwrap_or(today).and_hms_opt(0, 0, 0);
    let seconds = first.map_or(0, |first| first.and_utc().timestamp());
    Moment::from_seconds(u64::try_from(seconds).unwrap_or_default())
}

fn add(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let params = call.params;
    let kind = Kind::read(call)?;
    let description = params.required("description")?;
    if description.len() > 256 {
        return Err(Refusal::argument("description"));
    }
    let tabs = match params.text("format").as_deref() {
        None | Some("CSV") => false,
        Some("TSV") => true,
        Some(_) => return Err(Refusal::argument("format")),
    };
    let asked = params.texts("fields");
    let all = asked.is_empty() || asked == ["all"];
    let known = |field: &String| kind.fields().contains(&field.as_str());
    if !all && !asked.iter().all(known) {
        return Err(Refusal::argument("fields"));
    }
    let columns = kind
        .fields()
        .iter()
        .copied()
        .filter(|field| all || asked.iter().any(|one| one == field))
        .collect();
    let time = |name: &str, or: Moment| match params.text(name) {
        None => Ok(or),
        Some(text) => Moment::parse_seconds(&text).ok_or_else(|| Refusal::argument(name)),
    };
    let from = time("starttm", month(call.now))?;
    let until = time("endtm", call.now)?;
    if from > until {
        return Err(Refusal::argument("starttm"));
    }
    let account = call.account()?;
    if spot.exports.of(account).count() >= MOST {
        let oldest = spot
            .exports
            .reports
            .iter()
            .position(|report| report.account == account && report.state == State::Processed)
            .ok_or("EService:Busy")?;
        spot.exports.reports.remove(oldest);
    }
    let mut id = spot.ids.base32(4);
    while spot.exports.reports.iter().any(|report| report.id == id) {
        id = spot.ids.base32(4);
    }
    spot.exports.reports.push_back(Report {
        id: id.clone(),
        account: account.to_owned(),
        kind,
        description,
        fields: if all {
            "all".to_owned()
        } else {
            asked.join(",")
        },
        columns,
        tabs,
        created: call.now,
        from,
        until,
        state: State::Queued,
        archive: Bytes::new(),
    });
    spot.exports.schedule();
    Ok(object! { "id" => id }.into())
}

fn status(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let kind = Kind::read(call)?;
    let account = call.account()?;
    let reports: Json = spot
        .exports
        .of(account)
        .filter(|report| report.kind == kind)
        .map(Report::json)
        .collect();
    Ok(reports.into())
}

fn retrieve(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let id = call.params.required("id")?;
    let place = spot.exports.place(call.account()?, &id)?;
    let report = spot.exports.reports.get(place);
    let ready = report.filter(|report| report.state == State::Processed);
    let ready = ready.ok_or_else(|| Refusal::argument("id"))?;
    Ok(Reply::Bytes {
        content_type: "application/octet-stream",
        bytes: ready.archive.clone(),
    })
}

fn remove(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let id = call.params.required("id")?;
    let kind = call.params.required("type")?;
    let place = spot.exports.place(call.account()?, &id)?;
    let processed = spot
        .exports
        .reports
        .get(place)
        .is_some_and(|report| report.state == State::Processed);
    let fits = match kind.as_str() {
        "delete" => processed,
        "cancel" => !processed,
        _ => false,
    };
    if !fits {
        return Err(Refusal::argument("type"));
    }
    spot.exports.reports.remove(place);
    spot.exports.schedule();
    Ok(object! { kind => true }.into())
}

/// A zip archive with the report's file.
fn archive(spot: &Spot, report: &Report) -> Option<Bytes> {
    let rows = match report.kind {
        Kind::Trades => trade_rows(spot, report),
        Kind::Ledgers => ledger_rows(spot, report),
    };
    let separator = if report.tabs { '\t' } else { ',' };
    let mut text = String::new();
    let header = std::iter::once("txid").chain(report.columns.iter().copied());
    write_row(&mut text, separator, header);
    for (id, values) in &rows {
        let values = std::iter::once(id.as_str()).chain(values.iter().map(String::as_str));
        write_row(&mut text, separator, values);
    }
    let suffix = if report.tabs { "tsv" } else { "csv" };
    let name = format!("{}.{suffix}", report.kind.name());
    // Without the time of day, so that the same rows give the same bytes.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, options).ok()?;
    zip.write_all(text.as_bytes()).ok()?;
    Some(zip.finish().ok()?.into_inner().into())
}

/// All values quoted, as the venue does it.
fn write_row<'a>(text: &mut String, separator: char, values: impl Iterator<Item = &'a str>) {
    for (place, value) in values.enumerate() {
        if place > 0 {
            text.push(separator);
        }
        text.push('"');
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    }
    text.push('\n');
}

fn plain(amount: Decimal, decimals: u32) -> String {
    fixed(amount, decimals).scalar().unwrap_or_default()
}

/// The id and the values of each row.
type Rows = Vec<(String, Vec<String>)>;

fn ledger_rows(spot: &Spot, report: &Report) -> Rows {
    let entries = spot.statements.get(&report.account);
    let entries = entries.into_iter().flat_map(|all| &all.entries);
    entries
        .filter(|entry| entry.time >= report.from && entry.time <= report.until)
        .map(|entry| {
            let decimals = decimals_of(&entry.asset);
            let value = |column: &&str| match *column {
                "refid" => entry.refid.clone(),
                "time" => date_and_time(entry.time, 0),
                "type" => entry.kind.to_owned(),
                "subtype" => entry.subtype.to_owned(),
                "aclass" => "currency".to_owned(),
                "asset" => entry.asset.clone(),
                "wallet" => "spot / main".to_owned(),
                "amount" => plain(entry.amount, decimals),
                "fee" => plain(entry.fee, decimals),
                _ => plain(entry.balance, decimals),
            };
            let values = report.columns.iter().map(value).collect();
            (entry.id.clone(), values)
        })
        .collect()
}

fn trade_rows(spot: &Spot, report: &Report) -> Rows {
    spot.desk
        .trades_of(&report.account)
        .filter(|trade| trade.time >= report.from && trade.time <= report.until)
        .map(|trade| {
            let pair = trade.pair;
            let money = |amount| plain(amount, pair.cost_decimals);
            let value = |column: &&str| match *column {
                "ordertxid" => trade.order.clone(),
                "pair" => pair.id.to_owned(),
                "time" => date_and_time(trade.time, 4),
                "type" => side_name(trade.side).to_owned(),
                "ordertype" => kind_of_trade(trade).to_owned(),
                "price" => plain(trade.price, pair.price_decimals),
                "cost" => money(trade.cost),
                "fee" => money(trade.fee),
                "vol" => plain(trade.volume, pair.lot_decimals),
                "margin" => money(trade.margin),
                "misc" => trade.misc().to_owned(),
                _ => trade.ledgers.join(","),
            };
            let values = report.columns.iter().map(value).collect();
            (trade.id.clone(), values)
        })
        .collect()
}

/// `2023-07-06 18:53:17`, with so many digits of the second, at most nine.
fn date_and_time(moment: Moment, digits: usize) -> String {
    let time = moment.date_time();
    let whole = time.format("%Y-%m-%d %H:%M:%S").to_string();
    let fraction = format!("{:09}", moment.nanoseconds() % 1_000_000_000);
    match fraction.get(..digits) {
        Some(fraction) if digits > 0 => format!("{whole}.{fraction}"),
        _ => whole,
    }
}

#[cfg(test)]
mod tests;
