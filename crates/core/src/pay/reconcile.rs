//! MTN's statement beside our books: every line is found a payment, or says why not.
//!
//! Pure: it says what to do, and the caller hands that to the payments. What was done once is seen by the next run
//! as done, so a second run over the same file changes nothing.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::order;
use super::payment::{Assignment, Event, Paid, Payment, Status};
use super::price::PriceBook;
use super::statement::{Line, Status as LineStatus};
use crate::id::PaymentId;
use crate::policy::Paying;
use crate::time::{HOUR, MINUTE, Time};

/// MTN's clock and ours differ by less.
const CLOCKS_DIFFER_MS: i64 = 10 * MINUTE;

/// A payment with that number and amount, wished so long before or after the line's time, may be the one.
const WINDOW: i64 = 48 * HOUR;

/// What a line, or a payment without one, turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Our books and the statement agree.
    Matched,
    /// We have money that the statement does not show.
    OursOnly,
    /// The statement has money that we did not know of.
    TheirsOnly,
    /// Both have it, and the amounts differ.
    AmountDiffers,
    /// The same money stands in the file twice.
    Duplicate,
    /// No money came: a failed or pending movement.
    NoMoney,
    /// Money went out.
    MoneyOut,
}

impl Kind {
    /// Its name in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::OursOnly => "ours only",
            Self::TheirsOnly => "theirs only",
            Self::AmountDiffers => "amount differs",
            Self::Duplicate => "duplicate",
            Self::NoMoney => "no money",
            Self::MoneyOut => "money out",
        }
    }

    /// Whether somebody should read it.
    #[must_use]
    pub const fn is_difference(self) -> bool {
        !matches!(self, Self::Matched | Self::NoMoney)
    }
}

/// One line, or one payment of ours that no line shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The line of the file.
    pub line: Option<usize>,
    /// MTN's id of the movement.
    pub mtn_id: Option<String>,
    /// The payment that it belongs to, now or before.
    pub payment: Option<PaymentId>,
    /// What it is.
    pub kind: Kind,
    /// What was found, and what follows, in one sentence.
    pub reason: String,
    /// What the payment is to be told; `None` when nothing is to be done.
    pub tell: Option<Event>,
    /// Whether its money waits in suspense, or will.
    pub in_suspense: bool,
}

/// Lays a statement beside our payments. `ours` holds every payment, in any order; tests in MTN's sandbox are
/// passed over, for no real money is theirs.
#[must_use]
pub fn reconcile(
    lines: &[Line],
    ours: &[(PaymentId, Payment)],
    prices: &PriceBook,
    policy: &Paying,
    now: Time,
) -> Vec<Finding> {
    let mut desk = Desk::new(lines, ours, prices, policy, now);
    let mut findings: Vec<Finding> = lines.iter().map(|line| desk.line(line)).collect();
    findings.extend(desk.unseen(lines));
    findings
}

struct Desk<'a> {
    ours: Vec<&'a (PaymentId, Payment)>,
    prices: &'a PriceBook,
    policy: &'a Paying,
    now: Time,
    by_id: BTreeMap<PaymentId, usize>,
    by_mtn_id: BTreeMap<&'a str, usize>,
    by_external_id: BTreeMap<String, Vec<usize>>,
    refunds: BTreeMap<&'a str, usize>,
    /// Movements that brought money, as any line says: another line can tell of the time before.
    moved: BTreeSet<&'a str>,
    /// Movements that were read already, in and out.
    seen: BTreeSet<(bool, &'a str)>,
    /// Payments that a line was found for.
    found: BTreeSet<PaymentId>,
}

impl<'a> Desk<'a> {
    fn new(
        lines: &'a [Line],
        ours: &'a [(PaymentId, Payment)],
        prices: &'a PriceBook,
        policy: &'a Paying,
        now: Time,
    ) -> Self {
        let is_real = |it: &&(PaymentId, Payment)| !it.1.is_test();
        let brought = |it: &&Line| it.is_credit && it.status == LineStatus::Successful;
        let mut desk = Self {
            ours: ours.iter().filter(is_real).collect(),
            prices,
            policy,
            now,
            by_id: BTreeMap::new(),
            by_mtn_id: BTreeMap::new(),
            by_external_id: BTreeMap::new(),
            refunds: BTreeMap::new(),
            moved: lines.iter().filter(brought).map(|it| it.mtn_id.as_str()).collect(),
            seen: BTreeSet::new(),
            found: BTreeSet::new(),
        };
        for (index, &(id, payment)) in desk.ours.iter().enumerate() {
            desk.by_id.insert(*id, index);
            if let Some(mtn_id) = payment.paid.as_ref().and_then(|it| it.mtn_id.as_deref()) {
                desk.by_mtn_id.insert(mtn_id, index);
            }
            if let Some(order) = &payment.order {
                desk.by_external_id.entry(order.external_id.to_lowercase()).or_default().push(index);
            }
            if let Some(refund) = &payment.refund {
                desk.refunds.insert(refund, index);
            }
        }
        desk
    }

    fn line(&mut self, line: &'a Line) -> Finding {
        if !line.is_credit {
            return self.money_out(line);
        }
        match &line.status {
            LineStatus::Successful => {}
            LineStatus::Pending | LineStatus::Failed => return self.no_money(line),
            LineStatus::Other(word) => {
                let reason = format!("its status \"{word}\" is not known here; look at it in MTN's portal");
                return of_line(line, Kind::TheirsOnly, reason);
            }
        }
        if line.amount.minor() == 0 {
            return self.no_money(line);
        }
        if !self.seen.insert((true, &line.mtn_id)) {
            return duplicate(line, self.known(line));
        }
        match self.known(line).or_else(|| self.likely(line)) {
            // A line has it already, or its money came under another number of MTN's.
            Some(id) if self.found.contains(&id) || self.has_other_money(id, line) => {
                self.other_money(id, line)
            }
            Some(id) => self.meet(id, line),
            None => self.lost(line),
        }
    }

    fn at(&self, id: PaymentId) -> Option<&'a Payment> {
        self.by_id.get(&id).and_then(|index| self.ours.get(*index)).map(|(_, payment)| payment)
    }

    fn id(&self, index: Option<&usize>) -> Option<PaymentId> {
        index.and_then(|index| self.ours.get(*index)).map(|(id, _)| *id)
    }

    /// The payment that a line names, by MTN's number, our reference, or our external id.
    fn known(&self, line: &Line) -> Option<PaymentId> {
        let by_mtn_id = self.id(self.by_mtn_id.get(line.mtn_id.as_str()));
        let by_reference = || {
            let named = PaymentId::parse_uuid(line.reference.as_deref()?).ok()?;
            self.by_id.contains_key(&named).then_some(named)
        };
        let by_external_id = || {
            let named = self.by_external_id.get(&line.external_id.as_deref()?.trim().to_lowercase())?;
            // After a restored copy two orders can have one name: the money is for one that was wished before it
            // came, and best for one that has none.
            let fits = |index: &&usize| self.id(Some(*index)).is_some_and(|id| !self.is_older(line, id));
            let is_free = |index: &&usize| {
                self.id(Some(*index)).is_some_and(|id| {
                    !self.found.contains(&id) && self.at(id).is_some_and(|it| !it.status.has_money())
                })
            };
            let free = named.iter().filter(fits).find(is_free);
            self.id(free.or_else(|| named.iter().find(fits)))
        };
        by_mtn_id.or_else(by_reference).or_else(by_external_id)
    }

    /// The only payment without money of that number and amount, about that time.
    fn likely(&self, line: &Line) -> Option<PaymentId> {
        // A line that names an order of ours names another one.
        if line.external_id.as_deref().and_then(order::read).is_some() {
            return None;
        }
        let (payer, at) = (line.payer?, line.at?);
        let fits = |(id, payment): &&(PaymentId, Payment)| {
            !payment.status.has_money()
                && !self.found.contains(id)
                && payment.order.as_ref().is_some_and(|order| {
                    order.payer == payer
                        && order.price == line.amount
                        && at.since(order.wished).abs() <= WINDOW
                })
        };
        let mut all = self.ours.iter().copied().filter(fits);
        all.next().filter(|_| all.next().is_none()).map(|(id, _)| *id)
    }

    /// Whether a line is from before a payment was wished, so that it is another one.
    fn is_older(&self, line: &Line, id: PaymentId) -> bool {
        let wished = self.at(id).and_then(Payment::since);
        line.at.zip(wished).is_some_and(|(at, wished)| at < wished.plus(-CLOCKS_DIFFER_MS))
    }

    /// A line that names a payment whose money is known under another number of MTN's: the statement may number it
    /// otherwise than MTN's answer did. A second one of them is money that we do not know.
    fn other_money(&mut self, id: PaymentId, line: &Line) -> Finding {
        let known = self.at(id).and_then(|it| it.paid.as_ref());
        let is_same = known.is_some_and(|it| it.money == line.amount);
        if is_same && self.found.insert(id) {
            let reason = "in both, under two numbers of MTN's".to_string();
            return Finding { payment: Some(id), ..of_line(line, Kind::Matched, reason) };
        }
        self.suspense(line, Kind::TheirsOnly, "MTN lists a second payment under one order's name")
    }

    /// Whether a payment's money is known under another number of MTN's than this line's.
    fn has_other_money(&self, id: PaymentId, line: &Line) -> bool {
        self.at(id)
            .and_then(|it| it.paid.as_ref()?.mtn_id.as_deref())
            .is_some_and(|known| known != line.mtn_id)
    }

    /// A line and its payment.
    fn meet(&mut self, id: PaymentId, line: &Line) -> Finding {
        self.found.insert(id);
        let Some(payment) = self.at(id) else { return self.lost(line) };
        let told = Some(Event::Statement(self.paid(line)));
        let finding = |kind, reason: String, tell, in_suspense| Finding {
            payment: Some(id),
            tell,
            in_suspense,
            ..of_line(line, kind, reason)
        };
        if payment.status.has_money() {
            return self.compare(id, payment, line);
        }
        let Some(order) = &payment.order else { return self.lost(line) };
        if line.amount != order.price {
            let reason =
                format!("{} was ordered and {} paid; it waits in suspense", order.price, line.amount);
            return finding(Kind::AmountDiffers, reason, told, true);
        }
        if line.payer.is_some_and(|payer| payer != order.payer) {
            let reason = "another number paid than the one that was asked; it waits in suspense".to_string();
            return finding(Kind::TheirsOnly, reason, told, true);
        }
        let reason = format!("it was {} here and is granted now", payment.status.name());
        finding(Kind::TheirsOnly, reason, told, false)
    }

    /// A line and a payment that has money.
    fn compare(&self, id: PaymentId, payment: &Payment, line: &Line) -> Finding {
        let finding = |kind, reason: String| Finding { payment: Some(id), ..of_line(line, kind, reason) };
        let Some(known) = &payment.paid else { return finding(Kind::Matched, "in both".to_string()) };
        let ours = payment.stated.unwrap_or(known.money);
        let tell = Some(Event::Statement(self.paid(line)));
        let waits = payment.status == Status::Review;
        if ours != line.amount {
            let differs = format!("we have {ours}, MTN's statement {}", line.amount);
            // The books follow one statement, in the money that came; more than that a person must ask.
            if payment.stated.is_some() || ours.currency() != line.amount.currency() {
                let reason = format!("{differs}; ask MTN: nothing is booked for it");
                return Finding { in_suspense: waits, ..finding(Kind::AmountDiffers, reason) };
            }
            let reason = format!("{differs}; the difference is in suspense");
            Finding { tell, in_suspense: true, ..finding(Kind::AmountDiffers, reason) }
        } else if ours != known.money {
            let reason = "the difference was booked to suspense before".to_string();
            Finding { in_suspense: true, ..finding(Kind::AmountDiffers, reason) }
        } else if !waits {
            // MTN's number is learnt here where its answer did not carry it.
            let tell = tell.filter(|_| known.mtn_id.is_none());
            Finding { tell, ..finding(Kind::Matched, "in both".to_string()) }
        } else {
            // What it was when it came.
            let kind = match &payment.order {
                Some(order) if order.price != line.amount => Kind::AmountDiffers,
                Some(_) => Kind::TheirsOnly,
                None => self.lost(line).kind,
            };
            let reason = "it waits in suspense; give it with `payments assign`".to_string();
            Finding { in_suspense: true, ..finding(kind, reason) }
        }
    }

    fn suspense(&self, line: &Line, kind: Kind, reason: &str) -> Finding {
        Finding {
            payment: Some(own(line)),
            tell: Some(Event::Unclaimed(self.paid(line))),
            in_suspense: true,
            ..of_line(line, kind, format!("{reason}; it waits in suspense"))
        }
    }

    /// Money whose payment we do not have. What names an order is granted all the same.
    fn lost(&self, line: &Line) -> Finding {
        let named = line.external_id.as_deref().and_then(order::read);
        let price = named.and_then(|it| self.prices.version(it.plan, it.version));
        let paid = self.paid(line);
        let suspense = |reason: &str| self.suspense(line, Kind::TheirsOnly, reason);
        match (named, price) {
            (Some(named), Some(price)) if price.amount == line.amount => {
                let days = named.plan.days(self.policy);
                let to = Assignment { to: named.contact, plan: named.plan, days, version: named.version };
                let reference = line.reference.as_deref().and_then(|it| PaymentId::parse_uuid(it).ok());
                Finding {
                    payment: reference.filter(|it| self.at(*it).is_none()).or(Some(own(line))),
                    tell: Some(Event::Recover(to, paid)),
                    ..of_line(
                        line,
                        Kind::TheirsOnly,
                        "our row is lost; its external id names the order, which is granted now".to_string(),
                    )
                }
            }
            (Some(_), Some(price)) => Finding {
                kind: Kind::AmountDiffers,
                ..suspense(&format!("it names an order of {} and {} was paid", price.amount, line.amount))
            },
            (Some(_), None) => suspense("it names a price that our book does not have"),
            (None, _) => suspense("it names no order, and no open payment fits"),
        }
    }

    fn no_money(&mut self, line: &'a Line) -> Finding {
        let Some(id) = self.known(line) else {
            return of_line(line, Kind::NoMoney, "no money moved".to_string());
        };
        let mtn_id = line.mtn_id.as_str();
        let is_ours = self.by_mtn_id.contains_key(mtn_id) && !self.moved.contains(mtn_id);
        let has_money = self.at(id).is_some_and(|it| it.status.has_money());
        let (kind, reason) = if is_ours && has_money {
            self.found.insert(id);
            (Kind::OursOnly, "we have its money, and MTN's statement says that none moved; ask MTN")
        } else {
            (Kind::NoMoney, "no money moved")
        };
        Finding { payment: Some(id), ..of_line(line, kind, reason.to_string()) }
    }

    fn money_out(&mut self, line: &'a Line) -> Finding {
        let id = self.id(self.refunds.get(line.mtn_id.as_str()));
        let booked = id.and_then(|id| self.at(id)?.paid.as_ref()).map(|it| it.money);
        let (kind, reason) = match (&line.status, booked) {
            (LineStatus::Pending | LineStatus::Failed, None) => (Kind::NoMoney, "no money moved".to_string()),
            (LineStatus::Pending | LineStatus::Failed, Some(_)) => (
                Kind::OursOnly,
                "a refund was recorded here, and MTN's statement says that no money moved; ask MTN"
                    .to_string(),
            ),
            _ if !self.seen.insert((false, &line.mtn_id)) => return duplicate(line, id),
            (_, None) => (
                Kind::MoneyOut,
                "money went out: a settlement, a fee, or a refund not recorded here (`payments refund`)"
                    .to_string(),
            ),
            (_, Some(money)) if money != line.amount => (
                Kind::AmountDiffers,
                format!("a refund of {money} was recorded, and {} went out; ask MTN", line.amount),
            ),
            (_, Some(_)) => (Kind::Matched, "the refund that was made by hand".to_string()),
        };
        Finding { payment: id, ..of_line(line, kind, reason) }
    }

    /// Payments that have money, within the time that the statement tells of, and no line.
    fn unseen(&self, lines: &[Line]) -> Vec<Finding> {
        let times = || lines.iter().filter_map(|it| it.at);
        let (Some(from), Some(to)) = (times().min(), times().max()) else { return Vec::new() };
        let is_unseen = |(id, payment): &&(PaymentId, Payment)| {
            let within = payment.paid.as_ref().is_some_and(|it| from <= it.at && it.at <= to);
            let wished = payment.order.as_ref().is_some_and(|it| from <= it.wished);
            payment.status.has_money() && within && wished && !self.found.contains(id)
        };
        let unseen = self.ours.iter().copied().filter(is_unseen);
        unseen
            .map(|(id, payment)| Finding {
                line: None,
                mtn_id: payment.paid.as_ref().and_then(|it| it.mtn_id.clone()),
                payment: Some(*id),
                kind: Kind::OursOnly,
                reason: "MTN said that it was paid, and its statement of that time does not show it; ask MTN"
                    .to_string(),
                tell: None,
                in_suspense: false,
            })
            .collect()
    }

    /// The money of a line. Its days begin when we learn of it: nobody had them before.
    fn paid(&self, line: &Line) -> Paid {
        Paid { money: line.amount, payer: line.payer, mtn_id: Some(line.mtn_id.clone()), at: self.now }
    }
}

/// A line that says what it is, and of which nothing follows.
fn of_line(line: &Line, kind: Kind, reason: String) -> Finding {
    Finding {
        line: Some(line.number),
        mtn_id: Some(line.mtn_id.clone()),
        payment: None,
        kind,
        reason,
        tell: None,
        in_suspense: false,
    }
}

fn duplicate(line: &Line, payment: Option<PaymentId>) -> Finding {
    let reason = "this movement stands in the file twice; it counts once".to_string();
    Finding { payment, ..of_line(line, Kind::Duplicate, reason) }
}

/// One movement is one payment, whatever it is found to be.
fn own(line: &Line) -> PaymentId {
    PaymentId::recovered(&format!("mtn {}", line.mtn_id))
}
