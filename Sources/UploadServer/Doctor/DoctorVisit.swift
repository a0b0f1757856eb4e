import Blocking
import Foundation
import UploadCore
import UploadFiles
import UploadSQLite

/// One run of `fuploadServer doctor`, put together from the server's configuration.
public struct DoctorVisit: Sendable {
    /// What the process ends with.
    public enum Outcome: Int32, Sendable {
        /// Nothing is wrong, or everything was put right.
        case clean = 0
        /// Problems were found, or are left.
        case problems = 1
        /// It could not check.
        case unavailable = 2
    }

    private let configuration: ServerConfiguration
    private let repairs: Bool

    /// - Parameter repairs: whether to put right what can be put right, instead of only looking.
    public init(_ configuration: ServerConfiguration, repairs: Bool) {
        self.configuration = configuration
        self.repairs = repairs
    }

    /// Checks, and says what it finds as it goes.
    public func run(_ output: inout some DoctorOutput) async -> Outcome {
        output.begin()
        do {
            let checkup = try await visit { output.tell($0) }
            output.end(checkup)
            return checkup.problems == 0 ? .clean : .problems
        } catch AuditError.damaged(let words) {
            // Not even opened: there is nothing else to tell of.
            var checkup = Checkup()
            checkup.problems = 1
            output.tell(Doctor.damage(words))
            output.end(checkup)
            return .problems
        } catch {
            output.fail("\(error)")
            return .unavailable
        }
    }

    private func visit(_ report: (Finding) -> Void) async throws -> Checkup {
        guard repairs else {
            let audit = try SQLiteAudit(path: configuration.database)
            let checkup = try await doctor(audit).doctor.check(report)
            try audit.close()
            return checkup
        }
        // Before anything is made beside it.
        guard try configuration.hasDatabase else {
            throw AuditError.unavailable("there is no database at \(configuration.database)")
        }
        let locks = try configuration.takeLocks()
        let checkup = try await repair(report)
        return withExtendedLifetime(locks) { checkup }
    }

    private func repair(_ report: (Finding) -> Void) async throws -> Checkup {
        let audit = try SQLiteAudit(path: configuration.database)
        let (doctor, files) = try await doctor(audit)
        // A damaged file is not written: what can be saved from it is to stay as it is.
        guard try await audit.integrityFaults().isEmpty else { return try await doctor.check(report) }
        let clock = SystemClock()
        let repair = try SQLiteRepair(path: configuration.database) { clock.now }
        let means = Doctor.Means(
            database: repair, files: files, directory: ConfiguredBusinessServers(configuration))
        let checkup = try await doctor.repair(with: means, report)
        try audit.close()
        try repair.close()
        return checkup
    }

    private func doctor(_ audit: SQLiteAudit) async throws -> (doctor: Doctor, files: FileAudit) {
        let files = FileAudit(
            stagingFolder: configuration.stagingFolder(of: try await audit.installationID()),
            database: configuration.database, isAlone: repairs, threads: IOThreads(count: 1))
        return (Doctor(database: audit, files: files, clock: SystemClock()), files)
    }
}
