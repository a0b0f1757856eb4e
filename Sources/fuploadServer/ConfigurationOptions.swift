import ArgumentParser
import Foundation
import UploadServer

/// Where the configuration comes from: the same for every command.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: [.customShort("c"), .customLong("config")], help: "The configuration file.")
    var config = "./conf/fupload.yml"

    @Option(name: .customLong("set"), help: ArgumentHelp("Overrides one key.", valueName: "key=value"))
    var overrides: [String] = []

    /// Loads it, or reports its faults and ends with the exit code for that.
    func load() throws -> LoadedConfiguration {
        var flags: [String: String] = [:]
        for override in overrides {
            guard let split = override.firstIndex(of: "=") else {
                throw ValidationError("--set needs key=value, got '\(override)'")
            }
            flags[String(override[..<split])] = String(override[override.index(after: split)...])
        }
        do {
            return try ConfigurationLoader(environment: ProcessInfo.processInfo.environment, flags: flags).load(
                file: config)
        } catch {
            report("\(error)")
            // EX_CONFIG of sysexits.h.
            throw ExitCode(78)
        }
    }
}

/// Writes a line to standard error.
func report(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}
