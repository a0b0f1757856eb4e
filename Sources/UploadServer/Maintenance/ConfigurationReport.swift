/// What `fuploadServer config` tells: the settings in effect, secrets masked, and where each comes from.
public struct ConfigurationReport: CommandReport {
    struct Setting: Encodable, Sendable, Equatable {
        let key: String
        let value: String
        let source: String
        /// The line of the file, or the variable; none for defaults, and where it would hold a token.
        let place: String?

        init(_ setting: EffectiveSetting) {
            (key, value, source) = (setting.key, setting.value, setting.source.rawValue)
            place = setting.place == source ? nil : setting.place
        }

        var origin: String { place.map { "\(source), \($0)" } ?? source }
    }

    let settings: [Setting]
    /// What ``LoadedConfiguration/warnings`` says.
    public let warnings: [String]
    private let isOne: Bool
    /// Always done: faults end a command before this.
    public var outcome: CommandOutcome { .done }

    private enum CodingKeys: String, CodingKey {
        case settings, warnings
    }

    /// All settings, in the order of the documentation.
    public init(_ loaded: LoadedConfiguration) {
        (settings, warnings, isOne) = (loaded.settings.map(Setting.init), loaded.warnings, false)
    }

    /// The value of one key.
    ///
    /// - Parameter key: as in the file, levels separated by dots; below `bServer`, with the token whole or as it is shown.
    /// - Throws: one sentence where there is no such key.
    public init(_ loaded: LoadedConfiguration, key: String) throws {
        let found = Self.settings(of: key, in: loaded)
        guard !found.isEmpty else {
            let nearest = KeySuggestion.nearest(to: key, among: ConfigurationKey<ServerConfiguration>.all.map(\.name))
            throw UnknownKey(description: "there is no key like this" + (nearest.map { ", did you mean \($0)?" } ?? ""))
        }
        (settings, warnings, isOne) = (found.map(Setting.init), [], true)
    }

    /// There is no such key.
    public struct UnknownKey: Error, Sendable, CustomStringConvertible {
        /// One sentence, without the key: it may hold a token.
        public let description: String
    }

    /// `key: value  # where from`, or the value alone where one key was asked for.
    public var lines: [String] {
        settings.map { isOne ? $0.value : "\($0.key): \($0.value)  # \($0.origin)" }
    }

    /// Those of a business server come in its turn, behind all others: the beginnings of two tokens may be the same.
    private static func settings(of key: String, in loaded: LoadedConfiguration) -> [EffectiveSetting] {
        typealias Entry = ConfigurationKey<ServerConfiguration.BusinessServer>
        for (index, server) in loaded.configuration.businessServers.enumerated() {
            for (offset, entry) in Entry.all.enumerated()
            where key == "\(Entry.section).\(server.token).\(entry.name)" {
                let first = ConfigurationKey<ServerConfiguration>.all.count + index * Entry.all.count
                return [loaded.settings[first + offset]]
            }
        }
        return loaded.settings.filter { $0.key == key }
    }
}
