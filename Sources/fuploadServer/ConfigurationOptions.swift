import ArgumentParser
import Foundation
import UploadServer

/// Where the configuration comes from: the same for the server and its subcommands.
struct ConfigurationOptions: ParsableArguments {
    private static let defaultFile = "./conf/fupload.yml"

    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: "The configuration file. (default: \(Self.defaultFile))", completion: .file())
    var config: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("Overrides one key.", valueName: "key=value"))
    var overrides: [String] = []

    /// Loads what these name, and what was named before a subcommand's name; these win.
    ///
    /// - Throws: the exit code 78 once the faults have been told, a usage error for a malformed override.
    func load(over outer: ConfigurationOptions? = nil) throws -> LoadedConfiguration {
        do {
            return try read(over: outer)
        } catch let faults as ConfigurationFaults {
            complain("\(faults)")
            // EX_CONFIG of sysexits.h.
            throw ExitCode(78)
        }
    }

    /// The same, whose faults are thrown and not told.
    func read(over outer: ConfigurationOptions? = nil) throws -> LoadedConfiguration {
        var flags: [String: String] = [:]
        for override in (outer?.overrides ?? []) + overrides {
            guard let split = override.firstIndex(of: "=") else {
                throw ValidationError("--set needs key=value, got '\(override)'")
            }
            flags[String(override[..<split])] = String(override[override.index(after: split)...])
        }
        return try ConfigurationLoader(environment: ProcessInfo.processInfo.environment, flags: flags).load(
            file: file(over: outer))
    }

    /// The path of the file that is read.
    func file(over outer: ConfigurationOptions? = nil) -> String {
        config ?? outer?.config ?? Self.defaultFile
    }
}

/// A line on standard error.
func complain(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}
