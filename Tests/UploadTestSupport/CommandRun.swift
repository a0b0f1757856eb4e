import Foundation

extension ServerProcess {
    /// Runs a command of fuploadServer on this installation, whether the server runs or not, and waits for its end.
    ///
    /// - Parameter arguments: what follows the command's name, the configuration apart.
    public func command(
        _ name: String, _ arguments: String..., within limit: Duration = .seconds(120)
    ) async throws -> ProgramProcess.Output {
        try await command(name, arguments, within: limit)
    }

    /// The same with the arguments in an array.
    public func command(
        _ name: String, _ arguments: [String], within limit: Duration = .seconds(120)
    ) async throws -> ProgramProcess.Output {
        let settings = overrides.flatMap { ["--set", $0] }
        let process = try ProgramProcess(
            try ProgramProcess.path(ofProduct: "fuploadServer"),
            ["-c", configuration] + settings + [name] + arguments, environment: environment, folder: folder)
        try await process.waitForExit(within: limit)
        return process.output.value
    }
}

extension ProgramProcess.Output {
    /// Standard output as JSON; null where it is none.
    public var json: JSONTree {
        // A test that looks into it says what it found instead.
        (try? JSONTree(Array(text.utf8))) ?? .null
    }

    /// Exit status and all that was said, for a test's message.
    public var summary: String { "\(exit.map { "\($0)" } ?? "running"): \(text) \(errorText)" }
}
