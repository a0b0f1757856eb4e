import Foundation

/// Reads the configuration: flags win over environment variables, these over the file, and the file over defaults.
///
/// The environment variable of a key is `FUPLOAD_` and the key in capitals with an underscore for every dot and before
/// every capital letter: `FUPLOAD_SERVER_PROXY_ADDR` for `server.proxyAddr`, `FUPLOAD_CHECK_TMP_MD5` for `checkTmpMd5`.
/// Those of a business server carry its token: `FUPLOAD_B_SERVER_<TOKEN>_SECRET`; they change entries, but make none.
public struct ConfigurationLoader: Sendable {
    private let environment: [String: String]
    private let flags: [String: String]

    /// - Parameters:
    ///   - environment: The process's variables; those without the prefix `FUPLOAD_` are not looked at.
    ///   - flags: Values by key (`server.port`, `bServer.<token>.name`).
    public init(environment: [String: String], flags: [String: String]) {
        self.environment = environment
        self.flags = flags
    }

    /// Loads a file.
    ///
    /// - Parameter file: Path of a YAML file in UTF-8.
    /// - Throws: Every fault found. A file that cannot be read or is not YAML is the only fault then.
    public func load(file: String) throws(ConfigurationFaults) -> LoadedConfiguration {
        let contents: Data
        do {
            contents = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw ConfigurationFaults(faults: [ConfigurationFault(file, Self.reason(error))])
        }
        guard let text = String(validating: contents, as: UTF8.self) else {
            throw ConfigurationFaults(faults: [ConfigurationFault(file, "is not text in UTF-8")])
        }
        return try load(text, name: file)
    }

    /// Loads the text of a file.
    ///
    /// - Throws: Every fault found. Text that is not YAML is the only fault then.
    public func load(yaml: String) throws(ConfigurationFaults) -> LoadedConfiguration {
        try load(yaml, name: "file")
    }

    private func load(_ yaml: String, name: String) throws(ConfigurationFaults) -> LoadedConfiguration {
        let file: ConfigurationFile
        do {
            file = try ConfigurationFile(yaml: yaml, name: name)
        } catch {
            throw ConfigurationFaults(faults: [error])
        }
        var assembly = ConfigurationAssembly(file: file, environment: environment, flags: flags)
        assembly.readSettings()
        assembly.readBusinessServers()
        assembly.checkVariables()
        return try assembly.result()
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
        case .fileReadNoPermission: "may not be read by this user"
        default: "cannot be read: \(error.localizedDescription)"
        }
    }
}
