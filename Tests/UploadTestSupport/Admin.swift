import Foundation

extension ServerProcess {
    /// GET of a path of the admin API.
    public func admin(_ path: String) async throws -> HTTPAnswer {
        try await HTTP.get(try await adminBase() + path)
    }

    /// POST to a path of the admin API, as its own programs send it.
    public func adminPost(_ path: String, _ body: String = "{}") async throws -> HTTPAnswer {
        try await HTTP.send(
            "POST", try await adminBase() + path,
            headers: ["Content-Type": "application/json", "X-Fupload-Admin": "1"], body: Array(body.utf8))
    }

    /// Runs `fuploadServer` with these words and this installation's configuration, and waits for its end.
    public func command(_ words: String...) async throws -> (exit: ExitStatus?, text: String, error: String) {
        try await command(words)
    }

    /// The same with the words in an array.
    public func command(_ words: [String]) async throws -> (exit: ExitStatus?, text: String, error: String) {
        let settings = overrides.flatMap { ["--set", $0] }
        let process = try ProgramProcess(
            try ProgramProcess.path(ofProduct: "fuploadServer"), words + ["-c", configuration] + settings,
            environment: environment, folder: folder)
        try await process.waitForExit()
        let output = process.output.value
        return (output.exit, output.text, output.errorText)
    }
}
