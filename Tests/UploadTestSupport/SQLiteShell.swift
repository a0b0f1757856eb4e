import Foundation

/// The database as operators see it: through the `sqlite3` command, beside the running server.
public struct SQLiteShell: Sendable {
    /// The command failed.
    public struct Failure: Error, CustomStringConvertible {
        /// What it said.
        public let description: String
    }

    /// The file.
    public let path: String

    /// The shell for this file.
    public init(path: String) {
        self.path = path
    }

    /// Runs SQL and gives what the shell prints: a line a row, columns between `|`.
    @discardableResult
    public func callAsFunction(_ sql: String) async throws -> String {
        let shell = try ProgramProcess("sqlite3", ["-batch", "-cmd", ".timeout 8000", path, sql])
        let exit = try await shell.waitForExit()
        let output = shell.output.value
        guard exit == .code(0) else { throw Failure(description: "sqlite3: \(output.errorText) in \(sql)") }
        return output.text
    }

    /// A session that stays open: for locks and long reads. Its answers come on standard error, which is not buffered.
    public func session() throws -> ProgramProcess {
        let shell = try ProgramProcess("sqlite3", ["-batch", path])
        shell.send(".output stderr")
        shell.send(".timeout 8000")
        return shell
    }
}
