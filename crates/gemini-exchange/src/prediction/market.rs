//! Events, contracts, categories and volumes.

use exchange_wire::{Decimal, IndexMap, RawJson, open_enum};
use serde::{Deserialize, Serialize};

use crate::market::DATE;
use crate::types::{Side, Symbol, Timestamp};

endpoints! {
    "gemini-predictions", "Markets and Volume", crate::prediction::Predictions;

    /// Events, by filters: values of one filter are alternatives, and all filters must hold.
    ListEvents = list_events "listEvents" {
        call: GET "/v1/prediction-markets/events",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Events,
        also: [],
        required {}
        optional {
            /// Of these states only.
            status: Vec<MarketStatus> => list query "status";
            /// With this in the title only.
            search: String => into query "search";
            /// Of these categories only.
            category: Vec<String> => list query "category";
            /// Of these sports only.
            sport: Vec<Sport> => list query "sport";
            /// Of these types only.
            sports_market_type: Vec<SportsMarketType> => list query "sports_market_type";
            /// About these only.
            sports_market_subject: Vec<SportsMarketSubject> => list query "sports_market_subject";
            /// About these parts of a contest only.
            sports_market_scope: Vec<SportsMarketScope> => list query "sports_market_scope";
            /// About these counts only.
            sports_market_metric: Vec<SportsMarketMetric> => list query "sports_market_metric";
            /// At most so many. Default 50.
            limit: u32 => query "limit", range(1, 500);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
        }
    }

    /// One event.
    GetEvent = get_event "getEvent" {
        call: GET "/v1/prediction-markets/events/{eventTicker}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Event,
        also: [],
        required {
            /// Its ticker, such as `FEDJAN26`.
            event_ticker: String => into path "eventTicker";
        }
        optional {}
    }

    /// The price an event turns on.
    GetEventStrike = get_event_strike "getEventStrike" {
        call: GET "/v1/prediction-markets/events/{eventTicker}/strike",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Strike,
        also: [],
        required {
            /// The event's ticker.
            event_ticker: String => into path "eventTicker";
        }
        optional {}
    }

    /// Events made within the last 24 hours, newest first.
    ListNewlyListedEvents = list_newly_listed_events "listNewlyListedEvents" {
        call: GET "/v1/prediction-markets/events/newly-listed",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Events,
        also: [],
        required {}
        optional {
            /// Of these categories only.
            category: Vec<String> => list query "category";
            /// Of these sports only.
            sport: Vec<Sport> => list query "sport";
            /// Of these types only.
            sports_market_type: Vec<SportsMarketType> => list query "sports_market_type";
            /// About these only.
            sports_market_subject: Vec<SportsMarketSubject> => list query "sports_market_subject";
            /// About these parts of a contest only.
            sports_market_scope: Vec<SportsMarketScope> => list query "sports_market_scope";
            /// About these counts only.
            sports_market_metric: Vec<SportsMarketMetric> => list query "sports_market_metric";
            /// At most so many. Default 50.
            limit: u32 => query "limit", range(1, 500);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
        }
    }

    /// Events settled within the last 24 hours, latest first.
    ListRecentlySettledEvents = list_recently_settled_events "listRecentlySettledEvents" {
        call: GET "/v1/prediction-markets/events/recently-settled",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Events,
        also: [],
        required {}
        optional {
            /// Of these categories only.
            category: Vec<String> => list query "category";
            /// Of these sports only.
            sport: Vec<Sport> => list query "sport";
            /// Of these types only.
            sports_market_type: Vec<SportsMarketType> => list query "sports_market_type";
            /// About these only.
            sports_market_subject: Vec<SportsMarketSubject> => list query "sports_market_subject";
            /// About these parts of a contest only.
            sports_market_scope: Vec<SportsMarketScope> => list query "sports_market_scope";
            /// About these counts only.
            sports_market_metric: Vec<SportsMarketMetric> => list query "sports_market_metric";
            /// At most so many. Default 50.
            limit: u32 => query "limit", range(1, 500);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
        }
    }

    /// Events that are approved and not active yet, soonest first.
    ListUpcomingEvents = list_upcoming_events "listUpcomingEvents" {
        call: GET "/v1/prediction-markets/events/upcoming",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Events,
        also: [],
        required {}
        optional {
            /// Of these categories only.
            category: Vec<String> => list query "category";
            /// Of these sports only.
            sport: Vec<Sport> => list query "sport";
            /// Of these types only.
            sports_market_type: Vec<SportsMarketType> => list query "sports_market_type";
            /// About these only.
            sports_market_subject: Vec<SportsMarketSubject> => list query "sports_market_subject";
            /// About these parts of a contest only.
            sports_market_scope: Vec<SportsMarketScope> => list query "sports_market_scope";
            /// About these counts only.
            sports_market_metric: Vec<SportsMarketMetric> => list query "sports_market_metric";
            /// At most so many. Default 50.
            limit: u32 => query "limit", range(1, 500);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
        }
    }

    /// The categories of events.
    GetCategories = get_categories "getCategories" {
        call: GET "/v1/prediction-markets/categories",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Categories,
        also: [],
        required {}
        optional {
            /// With events of these states only.
            status: Vec<MarketStatus> => list query "status";
        }
    }

    /// What was traded on a day, by category.
    GetDailyVolume = get_daily_volume "getPredictionMarketDailyVolume" {
        call: GET "/v1/prediction-markets/volume/{date}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Vec<DailyVolume>,
        also: [],
        required {
            /// A day that is over, in UTC, within the last year: `yyyy-MM-dd`.
            date: String => into path "date", pattern(DATE);
        }
        optional {}
    }

    /// What was traded in each hour of a day, by category.
    GetHourlyVolume = get_hourly_volume "getPredictionMarketHourlyVolume" {
        call: GET "/v1/prediction-markets/volume/{date}/hourly",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Vec<HourlyVolume>,
        also: [],
        required {
            /// A day that is over, in UTC, within the last year: `yyyy-MM-dd`.
            date: String => into path "date", pattern(DATE);
        }
        optional {}
    }
}

open_enum! {
    /// How far an event or contract is.
    pub enum MarketStatus {
        /// Approved.
        Approved = "approved",
        /// Active.
        Active = "active",
        /// Closed.
        Closed = "closed",
        /// Under review.
        UnderReview = "under_review",
        /// Settled.
        Settled = "settled",
        /// Invalid.
        Invalid = "invalid",
    }
}

open_enum! {
    /// What sort of event it is.
    pub enum MarketType {
        /// It happens or not.
        Binary = "binary",
        /// One of several things happens.
        Categorical = "categorical",
    }
}

open_enum! {
    /// Which way it goes.
    pub enum Outcome {
        /// It happens.
        Yes = "yes",
        /// It does not.
        No = "no",
    }
}

open_enum! {
    /// Whether a contract can be traded.
    pub enum MarketState {
        /// Open.
        Open = "open",
        /// Closed.
        Closed = "closed",
    }
}

open_enum! {
    /// How a price decides.
    pub enum StrikeType {
        /// Up or down from the price at a time.
        Reference = "reference",
        /// Above a price.
        Above = "above",
        /// With a handicap.
        Spread = "spread",
        /// More than a number.
        Over = "over",
        /// A number or more.
        OverOrEqual = "over_or_equal",
        /// Less than a number.
        Under = "under",
        /// A number or less.
        UnderOrEqual = "under_or_equal",
    }
}

open_enum! {
    /// A sport.
    pub enum Sport {
        /// American football.
        AmericanFootball = "american_football",
        /// Athletics.
        Athletics = "athletics",
        /// Australian rules football.
        AustralianRulesFootball = "australian_rules_football",
        /// Baseball.
        Baseball = "baseball",
        /// Basketball.
        Basketball = "basketball",
        /// Boxing.
        Boxing = "boxing",
        /// Chess.
        Chess = "chess",
        /// Cricket.
        Cricket = "cricket",
        /// Cycling.
        Cycling = "cycling",
        /// Darts.
        Darts = "darts",
        /// Esports.
        Esports = "esports",
        /// Golf.
        Golf = "golf",
        /// Hockey.
        Hockey = "hockey",
        /// Lacrosse.
        Lacrosse = "lacrosse",
        /// Mixed martial arts.
        MixedMartialArts = "mixed_martial_arts",
        /// Motorsports.
        Motorsports = "motorsports",
        /// Rugby.
        Rugby = "rugby",
        /// Sailing.
        Sailing = "sailing",
        /// Soccer.
        Soccer = "soccer",
        /// Tennis.
        Tennis = "tennis",
    }
}

open_enum! {
    /// What a market on sports is about.
    pub enum SportsMarketType {
        /// Moneyline.
        Moneyline = "moneyline",
        /// Spread.
        Spread = "spread",
        /// Total.
        Total = "total",
        /// Prop.
        Prop = "prop",
        /// Correct score.
        CorrectScore = "correct_score",
        /// To advance.
        ToAdvance = "to_advance",
        /// Futures.
        Futures = "futures",
        /// Other.
        OtherKind = "other",
    }
}

open_enum! {
    /// Whom a market on sports is about.
    pub enum SportsMarketSubject {
        /// Contest.
        Contest = "contest",
        /// Team.
        Team = "team",
        /// Player.
        Player = "player",
        /// A driver, a horse.
        Participant = "participant",
        /// Other.
        OtherKind = "other",
    }
}

open_enum! {
    /// Which part of a contest counts.
    pub enum SportsMarketScope {
        /// All of it, by the official result.
        FullContest = "full_contest",
        /// Without extra time.
        Regulation = "regulation",
        /// Half.
        Half = "half",
        /// Quarter.
        Quarter = "quarter",
        /// Period.
        Period = "period",
        /// Inning.
        Inning = "inning",
        /// Team innings.
        TeamInnings = "team_innings",
        /// Over.
        Over = "over",
        /// Powerplay.
        Powerplay = "powerplay",
        /// Set.
        Set = "set",
        /// Game.
        Game = "game",
        /// Round.
        Round = "round",
        /// Hole.
        Hole = "hole",
        /// Match day.
        MatchDay = "match_day",
        /// Session.
        Session = "session",
        /// Super over.
        SuperOver = "super_over",
        /// Race.
        Race = "race",
        /// Sprint.
        Sprint = "sprint",
        /// Qualifying.
        Qualifying = "qualifying",
        /// Practice.
        Practice = "practice",
        /// Stage.
        Stage = "stage",
        /// Lap.
        Lap = "lap",
        /// Series.
        Series = "series",
        /// Season.
        Season = "season",
        /// Tournament.
        Tournament = "tournament",
        /// Competition.
        Competition = "competition",
        /// Other.
        OtherKind = "other",
    }
}

open_enum! {
    /// What is counted.
    pub enum SportsMarketMetric {
        /// Aces.
        Aces = "aces",
        /// Assists.
        Assists = "assists",
        /// Balls faced.
        BallsFaced = "balls_faced",
        /// Birdies.
        Birdies = "birdies",
        /// Blocked shots.
        BlockedShots = "blocked_shots",
        /// Blocks.
        Blocks = "blocks",
        /// Bogeys.
        Bogeys = "bogeys",
        /// Boundaries.
        Boundaries = "boundaries",
        /// Break points won.
        BreakPointsWon = "break_points_won",
        /// Cards.
        Cards = "cards",
        /// Catches.
        Catches = "catches",
        /// Clean sheets.
        CleanSheets = "clean_sheets",
        /// Completed passes.
        CompletedPasses = "completed_passes",
        /// Control time.
        ControlTime = "control_time",
        /// Corners.
        Corners = "corners",
        /// Defensive rebounds.
        DefensiveRebounds = "defensive_rebounds",
        /// Double double.
        DoubleDouble = "double_double",
        /// Double faults.
        DoubleFaults = "double_faults",
        /// Doubles.
        Doubles = "doubles",
        /// Eagles.
        Eagles = "eagles",
        /// Earned runs.
        EarnedRuns = "earned_runs",
        /// Errors.
        Errors = "errors",
        /// Faceoff wins.
        FaceoffWins = "faceoff_wins",
        /// Fairways hit.
        FairwaysHit = "fairways_hit",
        /// Fantasy points.
        FantasyPoints = "fantasy_points",
        /// Fastest lap.
        FastestLap = "fastest_lap",
        /// Field goals made.
        FieldGoalsMade = "field_goals_made",
        /// Finishing position.
        FinishingPosition = "finishing_position",
        /// Fouls.
        Fouls = "fouls",
        /// Fours.
        Fours = "fours",
        /// Free throws made.
        FreeThrowsMade = "free_throws_made",
        /// Fumbles.
        Fumbles = "fumbles",
        /// Games.
        Games = "games",
        /// Goals.
        Goals = "goals",
        /// Goals allowed.
        GoalsAllowed = "goals_allowed",
        /// Greens in regulation.
        GreensInRegulation = "greens_in_regulation",
        /// Grid position.
        GridPosition = "grid_position",
        /// Hits.
        Hits = "hits",
        /// Hits allowed.
        HitsAllowed = "hits_allowed",
        /// Hits runs rbis.
        HitsRunsRbis = "hits_runs_rbis",
        /// Holes in one.
        HolesInOne = "holes_in_one",
        /// Home runs.
        HomeRuns = "home_runs",
        /// Innings pitched.
        InningsPitched = "innings_pitched",
        /// Interceptions thrown.
        InterceptionsThrown = "interceptions_thrown",
        /// Kicking points.
        KickingPoints = "kicking_points",
        /// Knockdowns.
        Knockdowns = "knockdowns",
        /// Laps completed.
        LapsCompleted = "laps_completed",
        /// Laps led.
        LapsLed = "laps_led",
        /// Lap time.
        LapTime = "lap_time",
        /// Longest pass completion.
        LongestPassCompletion = "longest_pass_completion",
        /// Longest reception.
        LongestReception = "longest_reception",
        /// Longest rush.
        LongestRush = "longest_rush",
        /// Maiden overs.
        MaidenOvers = "maiden_overs",
        /// Offensive rebounds.
        OffensiveRebounds = "offensive_rebounds",
        /// Offsides.
        Offsides = "offsides",
        /// Pars.
        Pars = "pars",
        /// Passes.
        Passes = "passes",
        /// Pass attempts.
        PassAttempts = "pass_attempts",
        /// Pass completions.
        PassCompletions = "pass_completions",
        /// Passing touchdowns.
        PassingTouchdowns = "passing_touchdowns",
        /// Passing yards.
        PassingYards = "passing_yards",
        /// Penalty minutes.
        PenaltyMinutes = "penalty_minutes",
        /// Pitching outs recorded.
        PitchingOutsRecorded = "pitching_outs_recorded",
        /// Pit stops.
        PitStops = "pit_stops",
        /// Points.
        Points = "points",
        /// Points assists.
        PointsAssists = "points_assists",
        /// Points rebounds.
        PointsRebounds = "points_rebounds",
        /// Points rebounds assists.
        PointsReboundsAssists = "points_rebounds_assists",
        /// Positions gained.
        PositionsGained = "positions_gained",
        /// Power play points.
        PowerPlayPoints = "power_play_points",
        /// Putts.
        Putts = "putts",
        /// Qualifying position.
        QualifyingPosition = "qualifying_position",
        /// Rebounds.
        Rebounds = "rebounds",
        /// Rebounds assists.
        ReboundsAssists = "rebounds_assists",
        /// Receiving touchdowns.
        ReceivingTouchdowns = "receiving_touchdowns",
        /// Receiving yards.
        ReceivingYards = "receiving_yards",
        /// Receptions.
        Receptions = "receptions",
        /// Red cards.
        RedCards = "red_cards",
        /// Retirements.
        Retirements = "retirements",
        /// Rounds.
        Rounds = "rounds",
        /// Runs.
        Runs = "runs",
        /// Runs batted in.
        RunsBattedIn = "runs_batted_in",
        /// Runs conceded.
        RunsConceded = "runs_conceded",
        /// Rush attempts.
        RushAttempts = "rush_attempts",
        /// Rushing touchdowns.
        RushingTouchdowns = "rushing_touchdowns",
        /// Rushing yards.
        RushingYards = "rushing_yards",
        /// Sacks.
        Sacks = "sacks",
        /// Safety cars.
        SafetyCars = "safety_cars",
        /// Saves.
        Saves = "saves",
        /// Sets.
        Sets = "sets",
        /// Shots.
        Shots = "shots",
        /// Shots on goal.
        ShotsOnGoal = "shots_on_goal",
        /// Shots on target.
        ShotsOnTarget = "shots_on_target",
        /// Shutouts.
        Shutouts = "shutouts",
        /// Significant strikes.
        SignificantStrikes = "significant_strikes",
        /// Singles.
        Singles = "singles",
        /// Sixes.
        Sixes = "sixes",
        /// Steals.
        Steals = "steals",
        /// Stolen bases.
        StolenBases = "stolen_bases",
        /// Strokes.
        Strokes = "strokes",
        /// Strikeouts.
        Strikeouts = "strikeouts",
        /// Submission attempts.
        SubmissionAttempts = "submission_attempts",
        /// Tackles.
        Tackles = "tackles",
        /// Takedowns.
        Takedowns = "takedowns",
        /// Three pointers made.
        ThreePointersMade = "three_pointers_made",
        /// Tiebreaks won.
        TiebreaksWon = "tiebreaks_won",
        /// Total bases.
        TotalBases = "total_bases",
        /// Total points won.
        TotalPointsWon = "total_points_won",
        /// Total strikes.
        TotalStrikes = "total_strikes",
        /// Touchdowns.
        Touchdowns = "touchdowns",
        /// Triples.
        Triples = "triples",
        /// Triple double.
        TripleDouble = "triple_double",
        /// Turnovers.
        Turnovers = "turnovers",
        /// Walks.
        Walks = "walks",
        /// Wickets.
        Wickets = "wickets",
        /// Wins.
        Wins = "wins",
        /// Yellow cards.
        YellowCards = "yellow_cards",
        /// Other.
        OtherKind = "other",
    }
}

crate::parameter::plain!(
    MarketStatus,
    Outcome,
    Sport,
    SportsMarketType,
    SportsMarketSubject,
    SportsMarketScope,
    SportsMarketMetric,
);

/// Where a page stands in its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Page {
    /// At most so many on a page.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub limit: Option<u64>,
    /// How many came before.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub offset: Option<u64>,
    /// How many there are in all.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total: Option<u64>,
    /// How many are on this page.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub count: Option<u64>,
}

/// A page of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Events {
    /// The events.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub data: Vec<Event>,
    /// Where the page stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Page>,
}

/// An event. The vendor promises none of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its name on the web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A picture.
    #[serde(rename = "imageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// What sort of event it is.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<MarketType>,
    /// Its category; the case varies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The series it belongs to, such as `SOL1H`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// What it is about in sports.
    #[serde(
        rename = "sportsMarket",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sports_market: Option<SportsMarket>,
    /// Its ticker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticker: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<MarketStatus>,
    /// When it was made.
    #[serde(rename = "createdAt", default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it begins.
    #[serde(
        rename = "effectiveDate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub effective_date: Option<Timestamp>,
    /// When it ends.
    #[serde(
        rename = "expiryDate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub expiry_date: Option<Timestamp>,
    /// When it was decided.
    #[serde(
        rename = "resolvedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub resolved_at: Option<Timestamp>,
    /// What can be traded.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub contracts: Vec<Contract>,
    /// The best orders, by contract.
    #[serde(
        rename = "contractOrderbooks",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_orderbooks: Option<IndexMap<String, ContractBook>>,
    /// What was traded, in US dollars.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub volume: Option<Decimal>,
    /// What can be traded now, in US dollars.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub liquidity: Option<Decimal>,
    /// Words for it.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub tags: Vec<String>,
    /// Its place among the categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcategory: Option<Subcategory>,
    /// Where its price is from; the vendor advises `source_details`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where its price is from.
    #[serde(
        rename = "sourceDetails",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub source_details: Option<SourceDetails>,
    /// How it was settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<Settlement>,
}

/// A place among the categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Subcategory {
    /// Its id.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<i64>,
    /// Its name on the web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The names from the top down.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub path: Vec<String>,
}

/// Where a price is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourceDetails {
    /// Who publishes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// Which price it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
}

/// How an event was settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Settlement {
    /// At which value.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<Decimal>,
}

/// The best orders of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContractBook {
    /// To buy.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub bids: Vec<ContractLevel>,
    /// To sell.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub asks: Vec<ContractLevel>,
}

/// Orders at one price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContractLevel {
    /// Which side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// The price, from 0 to 1 dollar.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// How many contracts.
    #[serde(with = "exchange_wire::decimal")]
    pub quantity: Decimal,
}

/// What can be traded. The vendor promises none of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Contract {
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What `yes` means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The same in short.
    #[serde(
        rename = "abbreviatedName",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub abbreviated_name: Option<String>,
    /// More about it, in a form of the vendor's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<RawJson>,
    /// The best prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<ContractPrices>,
    /// Its color on the web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// A picture.
    #[serde(rename = "imageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<MarketStatus>,
    /// Earlier prices.
    #[serde(
        rename = "priceHistory",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub price_history: Option<Vec<PricePoint>>,
    /// When it was made.
    #[serde(rename = "createdAt", default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it begins.
    #[serde(
        rename = "effectiveDate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub effective_date: Option<Timestamp>,
    /// When it ends.
    #[serde(
        rename = "expiryDate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub expiry_date: Option<Timestamp>,
    /// When it was decided.
    #[serde(
        rename = "resolvedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub resolved_at: Option<Timestamp>,
    /// Which side won.
    #[serde(
        rename = "resolutionSide",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub resolution_side: Option<Outcome>,
    /// Its terms.
    #[serde(
        rename = "termsAndConditionsUrl",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub terms_and_conditions_url: Option<String>,
    /// Its ticker within the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticker: Option<String>,
    /// The symbol to trade it by.
    #[serde(
        rename = "instrumentSymbol",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub instrument_symbol: Option<Symbol>,
    /// The step of the quantity.
    #[serde(
        rename = "quantityIncrement",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub quantity_increment: Option<Decimal>,
    /// The smallest quantity.
    #[serde(
        rename = "quantityMinimum",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub quantity_minimum: Option<Decimal>,
    /// The step of the price.
    #[serde(
        rename = "priceIncrement",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub price_increment: Option<Decimal>,
    /// The lowest price, from which the steps are counted.
    #[serde(
        rename = "priceMinimum",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub price_minimum: Option<Decimal>,
    /// How many decimal places dollars have here.
    #[serde(
        rename = "quoteAssetPrecision",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub quote_asset_precision: Option<i64>,
    /// Whether it can be traded.
    #[serde(
        rename = "marketState",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub market_state: Option<MarketState>,
    /// Its place in the event.
    #[serde(
        rename = "sortOrder",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sort_order: Option<i64>,
    /// The price it turns on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike: Option<Strike>,
    /// Where its price is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// At which value it was settled.
    #[serde(
        rename = "settlementValue",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub settlement_value: Option<Decimal>,
}

/// A price at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PricePoint {
    /// When.
    pub timestamp: Timestamp,
    /// The price.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
}

/// The best prices of a contract, from 0 to 1 dollar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContractPrices {
    /// What it costs to buy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buy: Option<SidePrices>,
    /// What selling gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sell: Option<SidePrices>,
    /// The best bid for `yes`.
    #[serde(
        rename = "bestBid",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub best_bid: Option<Decimal>,
    /// The best ask for `yes`.
    #[serde(
        rename = "bestAsk",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub best_ask: Option<Decimal>,
    /// The price of the last trade.
    #[serde(
        rename = "lastTradePrice",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub last_trade_price: Option<Decimal>,
}

/// A price for each outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SidePrices {
    /// For `yes`.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub yes: Option<Decimal>,
    /// For `no`.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub no: Option<Decimal>,
}

/// The price an event turns on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Strike {
    /// The price; none before it is taken.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<Decimal>,
    /// How it decides.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub strike_type: Option<StrikeType>,
    /// When it is taken.
    #[serde(
        rename = "availableAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub available_at: Option<Timestamp>,
}

/// What a market on sports is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SportsMarket {
    /// Which sport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sport: Option<Sport>,
    /// What it is about.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub market_type: Option<SportsMarketType>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SportsMarketSubject>,
    /// Which part of the contest counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeOfContest>,
    /// What is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<SportsMarketMetric>,
}

/// A part of a contest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScopeOfContest {
    /// Which sort of part.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub scope_type: Option<SportsMarketScope>,
    /// Which one of them.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub ordinal: Option<i64>,
    /// The first one of several.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub start: Option<i64>,
    /// The last one of several.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub end: Option<i64>,
}

/// The categories of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Categories {
    /// Their names.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub categories: Vec<String>,
}

/// What was traded on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DailyVolume {
    /// The category, from the top down.
    #[serde(rename = "categoryPath")]
    pub category_path: Vec<String>,
    /// How much, in US dollars, with all categories below.
    #[serde(with = "exchange_wire::decimal")]
    pub volume: Decimal,
}

/// What was traded in an hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HourlyVolume {
    /// When the hour began.
    #[serde(rename = "periodStart")]
    pub period_start: Timestamp,
    /// The category, from the top down.
    #[serde(rename = "categoryPath")]
    pub category_path: Vec<String>,
    /// How much, in US dollars, with all categories below.
    #[serde(with = "exchange_wire::decimal")]
    pub volume: Decimal,
}

/// How many rows there are on all pages, if that was told.
pub(super) fn total(page: Option<&Page>) -> Option<i64> {
    i64::try_from(page?.total?).ok()
}

crate::paging::page_by_offset! {
    /// All events that the filters let through.
    ListEvents of Event, 500,
    |answer| (answer.data, total(answer.pagination.as_ref())),
    id |event| event.id.as_deref()
}

crate::paging::page_by_offset! {
    /// All events made within the last 24 hours, newest first.
    ListNewlyListedEvents of Event, 500,
    |answer| (answer.data, total(answer.pagination.as_ref())),
    id |event| event.id.as_deref()
}

crate::paging::page_by_offset! {
    /// All events settled within the last 24 hours, latest first.
    ListRecentlySettledEvents of Event, 500,
    |answer| (answer.data, total(answer.pagination.as_ref())),
    id |event| event.id.as_deref()
}

crate::paging::page_by_offset! {
    /// All events that are approved and not active yet, soonest first.
    ListUpcomingEvents of Event, 500,
    |answer| (answer.data, total(answer.pagination.as_ref())),
    id |event| event.id.as_deref()
}
