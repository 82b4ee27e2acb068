//! The APIs that are generated, and where their clients live.

/// One API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Api {
    /// Name on the command line and in the operation table.
    pub name: &'static str,
    /// The description, from the workspace's root.
    pub spec: &'static str,
    /// Its overlay.
    pub overlay: &'static str,
    /// Folder the generated code goes to.
    pub out: &'static str,
    /// Path of the generated module from the crate's root.
    pub module: &'static str,
    /// Server, for descriptions that name none.
    pub base_url: &'static str,
    /// First part of the vendor's page addresses; tag and operation follow.
    pub doc_base: &'static str,
    /// Rate-limit counter of private calls.
    pub private_counter: &'static str,
    /// Rate-limit counter of public calls.
    pub public_counter: &'static str,
}

/// All of them.
pub const APIS: &[Api] = &[
    Api {
        name: "kraken-spot",
        spec: "specs/kraken-spot.yaml",
        overlay: "specs/kraken-spot.overlay.yaml",
        out: "crates/kraken-spot/src/generated",
        module: "crate::generated",
        base_url: "https://api.kraken.com",
        doc_base: "https://docs.kraken.com/api-reference",
        private_counter: "kraken-private",
        public_counter: "kraken-public-ip",
    },
    Api {
        name: "kraken-custody",
        spec: "specs/kraken-custody.yaml",
        overlay: "specs/kraken-custody.overlay.yaml",
        out: "crates/kraken-custody/src/generated",
        module: "crate::generated",
        base_url: "https://api.kraken.com",
        doc_base: "https://docs.kraken.com/api-reference",
        private_counter: "kraken-custody",
        public_counter: "kraken-public-ip",
    },
    Api {
        name: "kraken-custody-external",
        spec: "specs/kraken-custody-external.yaml",
        overlay: "specs/kraken-custody-external.overlay.yaml",
        out: "crates/kraken-custody/src/external/generated",
        module: "crate::external::generated",
        base_url: "https://api.kraken.com",
        doc_base: "https://docs.kraken.com/api-reference",
        private_counter: "kraken-custody-external-ip",
        public_counter: "kraken-custody-external-ip",
    },
];

/// The API of that name.
pub fn find(name: &str) -> Option<&'static Api> {
    APIS.iter().find(|api| api.name == name)
}

/// The API of that name, or an error that says which names there are.
pub fn named(name: &str) -> anyhow::Result<&'static Api> {
    find(name).ok_or_else(|| {
        let names: Vec<_> = APIS.iter().map(|api| api.name).collect();
        anyhow::anyhow!(
            "there is no API `{name}`; choose one of {}",
            names.join(", ")
        )
    })
}
