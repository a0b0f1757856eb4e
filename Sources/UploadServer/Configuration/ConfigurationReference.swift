/// What there is to know about one setting, for help texts.
public struct ConfigurationReference: Sendable, Equatable {
    /// The key in the file and in flags, levels separated by dots.
    public let key: String
    /// The environment variable that sets it; nil for the settings of business servers, whose tokens it contains.
    public let variable: String?
    /// The written form of the default; nil if a value is required.
    public let defaultValue: String?
    /// What is allowed, worded to follow "is not".
    public let allowed: String
    /// What it means, in one sentence.
    public let meaning: String

    /// Every setting, in the order of the example file.
    public static var all: [Self] {
        let layers = ConfigurationLayers(flags: [:], environment: [:], file: [:])
        let settings = ConfigurationKey<ServerConfiguration>.all.map { key in
            Self(key, blank: ServerConfiguration(), prefix: "", variable: layers.variable(for: key.components))
        }
        let entries = ConfigurationKey<ServerConfiguration.BusinessServer>.all.map { key in
            Self(key, blank: ServerConfiguration.BusinessServer(token: ""), prefix: "bServer.<token>.", variable: nil)
        }
        return settings + entries
    }

    private init<Root>(_ key: ConfigurationKey<Root>, blank: Root, prefix: String, variable: String?) {
        self.key = prefix + key.name
        self.variable = variable
        defaultValue = key.isRequired ? nil : key.text(blank)
        allowed = key.allowed
        meaning = key.meaning
    }
}
