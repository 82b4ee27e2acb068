//! Texts with a list of known values; all are kept open.

use exchange_wire::open_enum;

open_enum! {
    /// What a message or record does to what was known before.
    pub enum Action {
        /// Adds or replaces.
        Update = "Update",
        /// Takes away.
        Remove = "Remove",
    }
}

open_enum! {
    /// Which way an order goes.
    pub enum Side {
        /// Buys the base currency.
        Buy = "Buy",
        /// Sells the base currency.
        Sell = "Sell",
    }
}

open_enum! {
    /// How an order finds its price.
    pub enum OrdType {
        /// At the market.
        Market = "Market",
        /// At a price or better.
        Limit = "Limit",
        /// At the price of a quote.
        Rfq = "RFQ",
    }
}

open_enum! {
    /// How long an order stays.
    pub enum TimeInForce {
        /// Until it is filled or cancelled.
        GoodTillCancel = "GoodTillCancel",
        /// Takes what it can at once; the rest is cancelled.
        FillAndKill = "FillAndKill",
        /// All at once, or nothing.
        FillOrKill = "FillOrKill",
    }
}

open_enum! {
    /// What an execution report reports. The vendor lists the names only; what those about pauses,
    /// triggers and starts stand for is read from them.
    pub enum ExecType {
        /// Accepted.
        New = "New",
        /// A fill.
        Trade = "Trade",
        /// Cancelled.
        Canceled = "Canceled",
        /// Replaced.
        Replaced = "Replaced",
        /// A cancellation is under way.
        PendingCancel = "PendingCancel",
        /// Stopped, in FIX's meaning.
        Stopped = "Stopped",
        /// Refused.
        Rejected = "Rejected",
        /// It has reached the venue.
        PendingNew = "PendingNew",
        /// Changed by the venue itself.
        Restated = "Restated",
        /// A replacement is under way.
        PendingReplace = "PendingReplace",
        /// A cancellation was refused.
        CancelRejected = "CancelRejected",
        /// A replacement was refused.
        ReplaceRejected = "ReplaceRejected",
        /// Going on is under way.
        PendingResume = "PendingResume",
        /// It goes on.
        Resumed = "Resumed",
        /// A pause is under way.
        PendingPause = "PendingPause",
        /// It pauses.
        Paused = "Paused",
        /// The trigger price was met.
        Triggered = "Triggered",
        /// The start time has come.
        Started = "Started",
        /// Done for the day; seen at other installations of the same server.
        DoneForDay = "DoneForDay",
    }
}

open_enum! {
    /// Where an order stands. The vendor lists the names only; their meaning is that of other
    /// installations of the same server.
    pub enum OrdStatus {
        /// Accepted. After a replacement also if something was filled before: look at `cum_qty`.
        New = "New",
        /// Filled in part.
        PartiallyFilled = "PartiallyFilled",
        /// Filled as a whole. Final.
        Filled = "Filled",
        /// Cancelled, perhaps after fills. Final.
        Canceled = "Canceled",
        /// A cancellation is under way.
        PendingCancel = "PendingCancel",
        /// Refused. Final.
        Rejected = "Rejected",
        /// Received, not yet accepted.
        PendingNew = "PendingNew",
        /// A replacement is under way.
        PendingReplace = "PendingReplace",
        /// Done for the day; seen at other installations of the same server.
        DoneForDay = "DoneForDay",
    }
}

impl OrdStatus {
    /// Whether nothing can happen to the order any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Filled | Self::Canceled | Self::Rejected)
    }
}

open_enum! {
    /// Whether an order is being worked. Only `Active` is shown by the vendor; the others are
    /// known from its FIX interface, and their spelling here is a guess.
    pub enum DecisionStatus {
        /// It is.
        Active = "Active",
        /// It pauses.
        Paused = "Paused",
        /// A pause is under way.
        PendingPause = "PendingPause",
        /// Going on is under way.
        PendingResume = "PendingResume",
    }
}

open_enum! {
    /// Where a request for a quote stands.
    pub enum QuoteStatus {
        /// Received.
        PendingNew = "PendingNew",
        /// There is a price.
        Open = "Open",
        /// A cancellation is under way.
        PendingCancel = "PendingCancel",
        /// Cancelled, and likely also what has run out. Final.
        Canceled = "Canceled",
        /// An order against it is under way.
        PendingFill = "PendingFill",
        /// Traded. Final.
        Filled = "Filled",
        /// Refused. Final.
        Rejected = "Rejected",
    }
}

impl QuoteStatus {
    /// Whether nothing can happen to the request any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Canceled | Self::Filled | Self::Rejected)
    }
}

open_enum! {
    /// Where a trade stands.
    pub enum TradeStatus {
        /// Not yet confirmed.
        Pending = "Pending",
        /// Confirmed.
        Confirmed = "Confirmed",
        /// Taken back.
        Canceled = "Canceled",
    }
}

open_enum! {
    /// Whether the venue can vouch for a value.
    pub enum FeedStatus {
        /// It can.
        Online = "Online",
        /// It can't: do not trade on it.
        Offline = "Offline",
    }
}

open_enum! {
    /// What an order control request asks for.
    pub enum ControlAction {
        /// To pause.
        Pause = "Pause",
        /// To go on.
        Resume = "Resume",
    }
}

open_enum! {
    /// Whether a stored setting is in force.
    pub enum ConfigMode {
        /// It is.
        Enabled = "Enabled",
        /// It is not.
        Disabled = "Disabled",
    }
}

open_enum! {
    /// How an order is worked.
    pub enum StrategyName {
        /// In clips, one after the other.
        SteadyPace = "SteadyPace",
        /// When a price is met.
        StopLimit = "StopLimit",
        /// Named for replacements only.
        Pegged = "Pegged",
        /// Named for replacements only.
        Twap = "TWAP",
        /// Named for replacements only.
        FullAmount = "FullAmount",
        /// Named for replacements only.
        TimeSliced = "TimeSliced",
        /// Known from the vendor's FIX interface only.
        TakeProfitLimit = "TakeProfitLimit",
    }
}

open_enum! {
    /// What a strategy does when one of its orders fails. Only `Pause` is shown by the vendor, the
    /// others are known from other installations.
    pub enum ErrorAction {
        /// It pauses.
        Pause = "Pause",
        /// It goes on.
        Continue = "Continue",
        /// It cancels the order.
        Cancel = "Cancel",
    }
}

open_enum! {
    /// Why an order or a request for a quote was refused. Seen at other installations of the same
    /// server; the vendor lists none for Prime.
    pub enum RejectReason {
        /// There is no such security.
        UnknownSymbol = "UnknownSymbol",
        /// Too large.
        OrderExceedsLimit = "OrderExceedsLimit",
        /// Too late.
        TooLateToEnter = "TooLateToEnter",
        /// There is no such order.
        UnknownOrder = "UnknownOrder",
        /// The client order id was used before.
        DuplicateOrder = "DuplicateOrder",
        /// The request came late.
        StaleRequest = "StaleRequest",
        /// A fault of the venue.
        InternalError = "InternalError",
        /// The venue's own decision.
        BrokerOption = "BrokerOption",
        /// Too many requests.
        RateLimit = "RateLimit",
        /// Cancelled by force.
        ForceCancel = "ForceCancel",
        /// It had to be filled at once and could not be.
        ImmediateOrderDidNotCross = "ImmediateOrderDidNotCross",
        /// It had to rest and could not.
        PostOnlyOrderWouldCross = "PostOnlyOrderWouldCross",
        /// The strategy or its parameters can't be.
        InvalidStrategy = "InvalidStrategy",
        /// No quote in time.
        QuoteRequestTimeout = "QuoteRequestTimeout",
        /// The quote's price was no longer good.
        QuoteExpired = "QuoteExpired",
    }
}

open_enum! {
    /// Why a cancellation, replacement or control request was refused. Seen at other installations
    /// of the same server; the vendor lists none for Prime.
    pub enum CxlRejReason {
        /// There is no such order.
        UnknownOrder = "UnknownOrder",
        /// The venue's own decision.
        Broker = "Broker",
        /// Another such request is under way.
        AlreadyPending = "OrderAlreadyInPendingCancelOrPendingReplaceStatus",
        /// The id of the request was used before.
        DuplicateClOrdId = "DuplicateClOrdID",
        /// Too late.
        TooLateToCancel = "TooLateToCancel",
        /// The request came late.
        StaleRequest = "StaleRequest",
        /// Too many requests.
        RateLimit = "RateLimit",
        /// The strategy or its parameters can't be.
        InvalidStrategy = "InvalidStrategy",
    }
}
