/// A configuration that passed every check.
public struct LoadedConfiguration: Sendable {
    /// The settings in effect.
    public let configuration: ServerConfiguration
    /// What an operator should look at though it keeps nothing from working; free of secrets and tokens.
    public let warnings: [String]

    let settings: [EffectiveSetting]

    /// Every setting in effect, with tokens and secrets masked.
    ///
    /// - Returns: Keys in the order of the documentation, then those of the business servers.
    public func describe() -> [(key: String, value: String, source: ConfigurationSource)] {
        settings.map { ($0.key, $0.value, $0.source) }
    }
}

/// A setting's masked key and value, and where the value came from.
struct EffectiveSetting: Sendable, Equatable {
    let key: String
    let value: String
    let source: ConfigurationSource
    /// Where in it: a line, a variable; nil for a default.
    let place: String?
}
