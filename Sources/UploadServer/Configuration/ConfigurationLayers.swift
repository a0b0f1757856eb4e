import Configuration
import Synchronization

/// Where the value of a setting came from.
public enum ConfigurationSource: String, Sendable, CaseIterable {
    /// A flag on the command line.
    case flag
    /// An environment variable.
    case environment
    /// The configuration file.
    case file
    /// Nothing set it.
    case `default`
}

/// The places values come from, the strongest first: flags, environment, file.
struct ConfigurationLayers {
    /// What every environment variable's name starts with.
    static let variablePrefix = "FUPLOAD_"

    private let providers: [any ConfigProvider]
    private let environment: any ConfigProvider

    /// The sources in the order of `providers`.
    private static let sources: [ConfigurationSource] = [.flag, .environment, .file]

    /// - Parameters:
    ///   - flags: Values by key, level by level.
    ///   - environment: Variables by name; those of other programs are not looked at.
    ///   - file: Values by key, level by level.
    init(flags: [[String]: String], environment: [String: String], file: [[String]: String]) {
        let own = environment.filter { $0.key.hasPrefix(Self.variablePrefix) }
        self.environment = EnvironmentVariablesProvider(
            environmentVariables: own,
            secretsSpecifier: .dynamic { name, _ in name.hasSuffix("_SECRET") }
        )
        .prefixKeys(with: "fupload")
        providers = [Self.provider("flags", flags), self.environment, Self.provider("file", file)]
    }

    /// Reads settings below one section; the root's is empty.
    ///
    /// Only the names below the section reach the library's access log, so tokens do not.
    func section(_ path: [String]) -> Section {
        let recorder = SourceRecorder()
        let reader = ConfigReader(
            providers: providers.map { Self.below(path, $0) },
            accessReporter: recorder
        )
        return Section(reader: reader, recorder: recorder)
    }

    /// The environment variable that sets a key.
    func variable(for key: [String]) -> String? {
        // Looking text up does not fail: every variable is text.
        try? environment.value(forKey: AbsoluteConfigKey(key), type: .string).encodedKey
    }

    /// A part of the configuration that is read as a whole.
    struct Section {
        fileprivate let reader: ConfigReader
        fileprivate let recorder: SourceRecorder

        /// The strongest value given for a key, and where; nil if there is none.
        func value(of key: [String], isSecret: Bool) -> (text: String, source: ConfigurationSource)? {
            guard let text = reader.string(forKey: ConfigKey(key), isSecret: isSecret),
                let layer = recorder.answeringLayer
            else { return nil }
            return (text, sources[layer])
        }
    }

    private static func below(_ path: [String], _ provider: some ConfigProvider) -> any ConfigProvider {
        provider.prefixKeys(with: ConfigKey(path))
    }

    private static func provider(_ name: String, _ values: [[String]: String]) -> InMemoryProvider {
        let pairs = values.map { key, text in
            (AbsoluteConfigKey(key), ConfigValue(.string(text), isSecret: ["secret", "token"].contains(key.last)))
        }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: pairs))
    }
}

/// Remembers which provider answered last: the reader itself does not tell.
private final class SourceRecorder: AccessReporter {
    private let layer = Mutex<Int?>(nil)

    /// The index of the provider that answered the last lookup; nil if none did.
    var answeringLayer: Int? { layer.withLock { $0 } }

    func report(_ event: AccessEvent) {
        let answer = event.providerResults.firstIndex { result in
            if case .success(let lookup) = result.result { lookup.value != nil } else { false }
        }
        layer.withLock { $0 = answer }
    }
}
