import Logging

/// What of the configuration is taken up while the server runs, and what waits for the next start.
///
/// Only the log's level is: somebody who looks for the reason of a trouble must not have to end it. All else was checked
/// together and is used in many places, and a start takes no longer than reading it again in all of them would.
struct ConfigurationReload: Sendable {
    /// What the server was started with.
    let started: LoadedConfiguration
    let threshold: LogThreshold
    /// Reads file, variables and flags as the start did.
    let read: @Sendable () throws -> LoadedConfiguration

    /// Takes up what the configuration says now.
    ///
    /// - Returns: a few words for the log; of what waits, the names alone.
    func reload() throws -> String {
        let new = try read()
        threshold.level = new.configuration.level
        let waiting = Self.changes(from: started, to: new)
        let words = "logLevel \(threshold.level)"
        return waiting.isEmpty ? words : "\(words); at the next start: \(waiting.joined(separator: ", "))"
    }

    private static func changes(from old: LoadedConfiguration, to new: LoadedConfiguration) -> [String] {
        let before = old.describe().reduce(into: [:]) { $0[$1.key] = $1.value }
        var names = new.describe().filter { setting in
            // Tokens are part of these keys, and secrets are masked: neither is to be compared there.
            !setting.key.hasPrefix("bServer.") && setting.key != "logLevel" && before[setting.key] != setting.value
        }.map(\.key)
        if old.configuration.businessServers != new.configuration.businessServers { names.append("bServer") }
        return names
    }
}

extension ServerConfiguration {
    /// ``logLevel`` as the log knows it.
    public var level: Logger.Level { Logger.Level(rawValue: logLevel) ?? .info }
}
