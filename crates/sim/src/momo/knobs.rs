//! How MTN behaves: every knob, with the value it has when nobody turns it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use super::account::MomoFault;

/// One kind of call that MTN takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MomoCall {
    /// `POST /collection/token/`
    Token,
    /// `POST /collection/v1_0/requesttopay`
    RequestToPay,
    /// `GET /collection/v1_0/requesttopay/{reference}`
    Status,
    /// `GET /collection/v1_0/accountholder/msisdn/{number}/active`
    Active,
    /// `GET /collection/v1_0/accountholder/msisdn/{number}/basicuserinfo`
    BasicUserInfo,
    /// `GET /collection/v1_0/account/balance`
    Balance,
}

/// What becomes of one valid call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MomoOutcome {
    /// Taken and answered.
    Accept,
    /// Not taken; answered with this error.
    Fault(MomoFault),
    /// Not taken, and no answer for `hang_for`.
    Hang,
    /// Taken, and yet answered with this error.
    TakenThenFault(MomoFault),
    /// Taken, but no answer for `hang_for`: the 202 is lost.
    TakenThenHang,
    /// Taken, and answered this much later.
    Late(Duration),
    /// HTTP 202 for a request to pay that nobody took. Other calls are answered with an empty 202 too.
    Untaken,
    /// The token dies with this very call: 401, and so is every later call with it.
    TokenDies,
}

/// A disturbance that is rolled for.
#[derive(Clone, Debug)]
pub struct MomoRate {
    /// The calls it meets.
    pub call: MomoCall,
    /// How often, 0..=1.
    pub chance: f64,
    /// What happens then.
    pub outcome: MomoOutcome,
}

/// A status that a payment takes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// How long after the scene before, or after the request.
    pub after: Duration,
    /// The word: `SUCCESSFUL` moves the money, `FAILED` is the end unless another scene follows, others are shown.
    pub status: String,
    /// The reason of a failure.
    pub reason: Option<String>,
}

impl Scene {
    /// A status without a reason.
    #[must_use]
    pub fn new(after: Duration, status: &str) -> Self {
        Self { after, status: status.into(), reason: None }
    }

    /// `FAILED` with this reason.
    #[must_use]
    pub fn failed(after: Duration, reason: &str) -> Self {
        Self { after, status: "FAILED".into(), reason: Some(reason.into()) }
    }
}

/// What becomes of a request to pay that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A prompt on the second phone, which somebody approves or declines, or which runs out.
    Ask,
    /// A prompt that is approved by itself after this time of the world.
    ApproveAfter(Duration),
    /// A prompt that is declined by itself after this time of the world.
    DeclineAfter(Duration),
    /// No prompt: PENDING, and then these scenes. Without any it stays PENDING for ever.
    Play(Vec<Scene>),
}

/// Where the sandbox's payers with an error in their name (46733123455 to …464) meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedErrors {
    /// Where MTN's documents let one expect each: …457 to …460 and …461 as HTTP 500, …462 as HTTP 503, the others as
    /// the reason of a failed payment. …461 leaves a failed payment behind: a 500 says nothing of what was taken.
    AsDocumented,
    /// All as HTTP errors of the request.
    AtRequest,
    /// All as the reason of a failed payment.
    InStatus,
}

/// What the status says instead of the truth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Another amount.
    pub amount: Option<String>,
    /// Another currency.
    pub currency: Option<String>,
    /// Another payer.
    pub payer: Option<String>,
    /// Another external id.
    pub external_id: Option<String>,
}

/// How MTN calls back when a payment has ended. It never tries again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callbacks {
    /// How often each is sent: 1 is MTN's promise, 0 what happens until the host is on its list.
    pub times: u32,
    /// PUT instead of POST; MTN's pages disagree.
    pub put: bool,
    /// Real time between the end and the call.
    pub after: Duration,
    /// Sent when the person approves, although the status changes only after [`MomoBehaviour::status_lag`].
    pub early: bool,
}

/// How MTN behaves. `script` wins over `rates`; both meet valid calls only, and wrong ones use no script up.
#[derive(Clone, Debug)]
pub struct MomoBehaviour {
    /// Time before every answer.
    pub latency: Duration,
    /// Up to this much more, rolled.
    pub jitter: Duration,
    /// Still more for these calls.
    pub slow: HashMap<MomoCall, Duration>,
    /// Disturbances, tried in order.
    pub rates: Vec<MomoRate>,
    /// The next outcomes of each call, in order. See `World::script_momo`.
    pub script: HashMap<MomoCall, VecDeque<MomoOutcome>>,
    /// How long a hang lasts; then HTTP 504.
    pub hang_for: Duration,
    /// How long a token lives, in the world's time.
    pub token_life: Duration,
    /// Whether `X-Callback-Url` must be https on 443 with a host name and without a query. Its host must be the
    /// registered one in any case.
    pub strict_callback_url: bool,
    /// What becomes of requests whose payer is in none of the tables.
    pub fate: Fate,
    /// What becomes of requests to these payers; wins over the sandbox's numbers.
    pub fates: HashMap<String, Fate>,
    /// Where the sandbox's named errors are met.
    pub named_errors: NamedErrors,
    /// How long a prompt waits, in the world's time.
    pub prompt_life: Duration,
    /// The reason of a request that was not approved in time; `EXPIRED` is seen too.
    pub expiry_reason: String,
    /// Numbers without a wallet: not active, and a request to them is taken and fails with `PAYER_NOT_FOUND`.
    pub inactive: HashSet<String>,
    /// Numbers whose approval fails because there is not enough money.
    pub low_balance: HashSet<String>,
    /// The reason of these failures. MTN mostly hides it.
    pub low_balance_reason: String,
    /// Given and family name of these numbers; others get one from a list.
    pub names: HashMap<String, (String, String)>,
    /// After an approval the status stays as it was for so long, in the world's time, whatever the prompt's life.
    pub status_lag: Duration,
    /// A prompt that ran out becomes `SUCCESSFUL` after so long: the person had approved in the last second.
    pub late_success_after: Option<Duration>,
    /// A request can be read only after so long, in the world's time; until then 404.
    pub visible_after: Duration,
    /// The word for a payment that waits. `CREATED` and `ONGOING` are seen too.
    pub pending_word: String,
    /// Amount, ids and numbers in the status as JSON numbers, as in MTN's published examples.
    pub json_numbers: bool,
    /// The reason in the status as a bare string, as in some SDKs.
    pub bare_reason: bool,
    /// What the status and the callback say instead of the truth.
    pub shown: Shown,
    /// How MTN calls back.
    pub callbacks: Callbacks,
}

impl Default for MomoBehaviour {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            slow: HashMap::new(),
            rates: Vec::new(),
            script: HashMap::new(),
            hang_for: Duration::from_mins(10),
            token_life: Duration::from_hours(1),
            strict_callback_url: true,
            fate: Fate::Ask,
            fates: HashMap::new(),
            named_errors: NamedErrors::AsDocumented,
            prompt_life: Duration::from_mins(5),
            expiry_reason: "COULD_NOT_PERFORM_TRANSACTION".into(),
            inactive: HashSet::new(),
            low_balance: HashSet::new(),
            low_balance_reason: "INTERNAL_PROCESSING_ERROR".into(),
            names: HashMap::new(),
            status_lag: Duration::ZERO,
            late_success_after: None,
            visible_after: Duration::ZERO,
            pending_word: "PENDING".into(),
            json_numbers: false,
            bare_reason: false,
            shown: Shown::default(),
            callbacks: Callbacks { times: 1, put: false, after: Duration::from_millis(5), early: false },
        }
    }
}

/// What the knobs say about one valid call, taken under one short lock.
pub(super) struct Weather {
    pub(super) wait: Duration,
    pub(super) hang_for: Duration,
    pub(super) outcome: MomoOutcome,
}

impl MomoBehaviour {
    pub(super) fn weather(&mut self, call: MomoCall, dice: &crate::clock::Dice) -> Weather {
        let scripted = self.script.get_mut(&call).and_then(VecDeque::pop_front);
        let rolled = || {
            let mut met = self.rates.iter().filter(|rate| rate.call == call);
            met.find(|rate| dice.chance(rate.chance)).map(|rate| rate.outcome.clone())
        };
        let outcome = scripted.or_else(rolled).unwrap_or(MomoOutcome::Accept);
        let slow = self.slow.get(&call).copied().unwrap_or_default();
        let wait = self.latency + slow + dice.up_to(self.jitter);
        Weather { wait, hang_for: self.hang_for, outcome }
    }
}
