import ArgumentParser
import UploadServer

/// Does a command's work, says what came of it, and ends with its exit code.
///
/// - Parameters:
///   - json: whether it is said to a program: one JSON object on standard output, also where it failed.
///   - next: lines for people to come after those of the report.
func conclude<Report: CommandReport>(
    json: Bool, next: (Report) -> [String] = { _ in [] }, _ work: () throws -> Report
) throws {
    let report: Report
    do {
        report = try work()
    } catch {
        throw try tell(CommandFailure(translating: error), json: json)
    }
    if json {
        print(try report.json())
    } else {
        for line in report.lines { print(line) }
        for warning in report.warnings { complain("warning: \(warning)") }
        for line in next(report) { print(line) }
    }
    if report.outcome != .done { throw ExitCode(report.outcome.rawValue) }
}

/// Says why a command could not be done: a line on standard error, or one JSON object on standard output.
///
/// - Returns: what the process ends with.
func tell(_ failure: CommandFailure, json: Bool) throws -> ExitCode {
    if json { print(try failure.json()) } else { complain("\(failure)") }
    return ExitCode(failure.outcome.rawValue)
}
