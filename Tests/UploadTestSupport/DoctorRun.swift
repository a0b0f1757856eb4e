import Foundation

/// What `fuploadServer doctor` said about an installation.
public struct DoctorRun: Sendable, CustomStringConvertible {
    /// One thing it found.
    public struct Finding: Sendable, Equatable {
        /// `problem`, `note` or `repaired`.
        public let severity: String
        /// The check's stable name.
        public let check: String
        /// The task; `nil` where it is about none.
        public let taskID: Int64?
        /// One sentence.
        public let text: String
    }

    /// 0 clean, 1 problems, 2 it could not check.
    public let exit: ExitStatus
    /// All of it, in order.
    public let findings: [Finding]
    /// What was counted, by name: `tasks`, `blocks`, `hashedBytes`, …
    public let counts: JSONTree
    /// Why it could not check; `nil` when it could.
    public let error: String?
    /// Standard output and error as they were.
    public let output: String

    /// The findings of one severity.
    public func findings(_ severity: String) -> [Finding] { findings.filter { $0.severity == severity } }
    /// What is wrong, or was left wrong by a repair.
    public var problems: [Finding] { findings("problem") }
    /// Exit status, error and findings, for a test's message.
    public var description: String { "doctor: \(exit), \(error ?? "no error"), \(findings), \(output)" }

    init(_ output: ProgramProcess.Output) throws {
        let json = (try? JSONTree(Array(output.text.utf8))) ?? .null
        guard let exit = output.exit else { throw TimedOut(what: "the end of the doctor") }
        self.exit = exit
        findings = json["findings"].elements.map { finding in
            Finding(
                severity: finding["severity"].text ?? "", check: finding["check"].text ?? "",
                taskID: finding["taskId"].integer, text: finding["text"].text ?? "")
        }
        counts = json["counts"]
        error = json["error"].text
        self.output = output.text + output.errorText
    }
}

extension ServerProcess {
    /// Runs `fuploadServer doctor --json` on this installation, whether the server runs or not, and waits for its end.
    ///
    /// Use it like `#expect(run.exit == .code(0), "\(run)")`.
    /// - Parameter arguments: what else it is told, for instance `--repair`.
    public func doctor(_ arguments: String..., within limit: Duration = .seconds(120)) async throws -> DoctorRun {
        try await doctor(arguments, within: limit)
    }

    /// The same with the arguments in an array.
    public func doctor(_ arguments: [String], within limit: Duration = .seconds(120)) async throws -> DoctorRun {
        let settings = overrides.flatMap { ["--set", $0] }
        let process = try ProgramProcess(
            try ProgramProcess.path(ofProduct: "fuploadServer"),
            ["doctor", "-c", configuration, "--json"] + settings + arguments, environment: environment, folder: folder)
        try await process.waitForExit(within: limit)
        return try DoctorRun(process.output.value)
    }
}
