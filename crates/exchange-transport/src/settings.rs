//! The settings of an engine that the builder of every client has.

/// Writes the setters for what [`EngineConfig`](crate::EngineConfig) holds and no venue has in its
/// own way, into the `impl` of a builder with a field `config` of that type.
///
/// ```
/// use std::time::Duration;
/// use exchange_transport::EngineConfig;
///
/// /// Builds a client.
/// pub struct Builder {
///     config: EngineConfig,
/// }
///
/// impl Builder {
///     exchange_transport::engine_settings!();
/// }
///
/// let builder = Builder { config: EngineConfig::new("https://api.example.com") };
/// let builder = builder.deadline(Duration::from_secs(5)).user_agent("my-bot/1.0");
/// assert_eq!(builder.config.deadline, Duration::from_secs(5));
/// ```
#[macro_export]
macro_rules! engine_settings {
    () => {
        /// Another address than the vendor's, such as a venue on loopback: scheme, host and port
        /// only.
        pub fn base_url(mut self, base_url: impl ::core::convert::Into<String>) -> Self {
            self.config.transport.base_url = base_url.into();
            self
        }

        /// The limit for one attempt, from connecting to the last byte. Default 30 s.
        pub fn timeout(mut self, timeout: ::core::time::Duration) -> Self {
            self.config.transport.timeout = timeout;
            self
        }

        /// The limit for connecting. Default 10 s.
        pub fn connect_timeout(mut self, timeout: ::core::time::Duration) -> Self {
            self.config.transport.connect_timeout = timeout;
            self
        }

        /// The `User-Agent` header. The venue may turn away odd ones: use `name/version`.
        pub fn user_agent(mut self, user_agent: impl ::core::convert::Into<String>) -> Self {
            self.config.transport.user_agent = user_agent.into();
            self
        }

        /// The largest answer to accept, in bytes. Default 64 MiB.
        pub fn max_answer_size(mut self, bytes: usize) -> Self {
            self.config.transport.max_answer_size = bytes;
            self
        }

        /// An HTTP client of your own, for a proxy or certificates of your own; start from
        /// [`http_client_builder`]($crate::http_client_builder). It should follow no redirects,
        /// see [`TransportConfig::http`]($crate::TransportConfig::http).
        pub fn http_client(mut self, http: $crate::reqwest::Client) -> Self {
            self.config.transport.http = ::core::option::Option::Some(http);
            self
        }

        /// How often and how fast calls are repeated.
        /// [`RetryPolicy::NEVER`]($crate::RetryPolicy::NEVER) sends everything once.
        pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
            self.config.retry = policy;
            self
        }

        /// The limit for a whole call: waits, attempts and repeats together. Default 60 s.
        pub fn deadline(mut self, deadline: ::core::time::Duration) -> Self {
            self.config.deadline = deadline;
            self
        }

        /// A model of the rate limits of your own, in place of the others.
        pub fn pacer(mut self, pacer: ::std::sync::Arc<dyn $crate::Pacer>) -> Self {
            self.config.pacer = ::core::option::Option::Some(pacer);
            self
        }

        /// What to do when a rate limit is reached: for calls that only read (default
        /// [`PaceMode::WAIT`]($crate::PaceMode::WAIT)), and for all others (default
        /// [`PaceMode::Report`]($crate::PaceMode::Report), as an order that is sent late may do
        /// harm).
        pub fn pace_modes(mut self, reads: $crate::PaceMode, changes: $crate::PaceMode) -> Self {
            self.config.pace_reads = reads;
            self.config.pace_changes = changes;
            self
        }

        /// Who is told about every attempt, for metrics. Log events come without it, see
        /// [`watch`]($crate::watch).
        pub fn observer(mut self, observer: ::std::sync::Arc<dyn $crate::Observer>) -> Self {
            self.config.observer = ::core::option::Option::Some(observer);
            self
        }
    };
}
