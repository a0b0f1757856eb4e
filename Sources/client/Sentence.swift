import ArgumentParser
import Foundation
import UploadClient

/// The one sentence on standard error that every run ends with.
enum Sentence {
    static func say(_ text: String) {
        // Where standard error can't be written to, there is nowhere left to say so; the exit code still tells.
        try? FileHandle.standardError.write(contentsOf: Data("client: \(text)\n".utf8))
    }

    /// Runs a subcommand, turning its failure into the sentence and the exit code.
    static func onFailure(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let code as ExitCode {
            throw code
        } catch is Interrupted {
            say("interrupted; the same command goes on where this one ended")
            throw ExitCode(130)
        } catch let failure as UploadFailure {
            say(failure.description)
            throw ExitCode.failure
        } catch {
            say("unexpected error: \(error)")
            throw ExitCode.failure
        }
    }
}
