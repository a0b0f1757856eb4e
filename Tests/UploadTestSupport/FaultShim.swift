import FaultShimControl
import Foundation
import Glibc
import Synchronization

/// Makes calls of a program fail, wait, or be its last, and moves its wall clock, while it runs.
///
/// A library that the program loads before its own stands between it and the C library; it obeys rules in a file that
/// both map. Rules are about calls by kind and path; the newest one that matches wins. They outlive the process: a server
/// that starts again meets them again.
///
/// A rule's path is a part of the paths that are meant: `-wal` means `…/fupload.sqlite-wal`. With a `$` behind it, it is
/// their end: `.sqlite$` means the database's main file, and neither its WAL nor its lock.
public final class FaultShim: Sendable {
    /// What a rule is about.
    public struct Operation: OptionSet, Sendable {
        /// Bits.
        public let rawValue: UInt32

        /// Bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        private init(_ operation: fault_shim_operation) { rawValue = operation.rawValue }

        /// Any open of a file or folder.
        public static let open = Operation(FAULT_SHIM_OPEN)
        /// An open that makes the file.
        public static let create = Operation(FAULT_SHIM_CREATE)
        /// Reading from a file.
        public static let read = Operation(FAULT_SHIM_READ)
        /// Putting bytes into a file, or reserving room for them.
        public static let write = Operation(FAULT_SHIM_WRITE)
        /// fsync and fdatasync of a file.
        public static let sync = Operation(FAULT_SHIM_SYNC)
        /// fsync and fdatasync of a folder.
        public static let folderSync = Operation(FAULT_SHIM_SYNC_FOLDER)
        /// Changing a file's size.
        public static let truncate = Operation(FAULT_SHIM_TRUNCATE)
        /// rename; matches by either path.
        public static let rename = Operation(FAULT_SHIM_RENAME)
        /// link and symlink; matches by either path.
        public static let link = Operation(FAULT_SHIM_LINK)
        /// Removing a file or folder.
        public static let unlink = Operation(FAULT_SHIM_UNLINK)
        /// Making a folder.
        public static let mkdir = Operation(FAULT_SHIM_MKDIR)
        /// Asking for the free space.
        public static let statvfs = Operation(FAULT_SHIM_STATVFS)
    }

    /// A rule in force, until it is removed.
    public struct Rule: Sendable {
        fileprivate let shim: FaultShim
        fileprivate let number: Int32
        fileprivate let text: String

        /// Calls that the rule was applied to so far.
        public var hits: Int { Int(shim.withControl { fault_shim_hits($0, number) }) }
        /// Calls that wait because of it at this moment.
        public var waiting: Int { Int(shim.withControl { fault_shim_waiting($0, number) }) }

        /// Ends the rule; calls that it holds go on.
        public func remove() {
            shim.withControl { fault_shim_remove($0, number) }
        }

        /// Puts a rule that was removed in force again: a shim has room for only so many.
        public func restore() {
            shim.withControl { fault_shim_restore($0, number) }
        }

        /// Waits until a call has met the rule.
        public func wait(forHits count: Int = 1, within limit: Duration = .seconds(20)) async throws {
            _ = try await eventually("\(count) hits of \(text)", within: limit) { hits >= count ? true : nil }
        }

        /// Waits until a call waits because of the rule.
        public func waitUntilHeld(within limit: Duration = .seconds(20)) async throws {
            _ = try await eventually("a call held by \(text)", within: limit) { waiting > 0 ? true : nil }
        }
    }

    /// A rule met no call.
    public struct Unhit: Error, CustomStringConvertible {
        /// One sentence.
        public let description: String
    }

    /// The control file can't be made or has no room.
    public struct Failure: Error, CustomStringConvertible {
        /// One sentence.
        public let description: String
    }

    private struct State {
        var rules: [Rule] = []
        /// Numbers of those that need not be hit.
        var optional: Set<Int32> = []
    }

    private let folder: String
    private let path: String
    private let library: String
    private let records: Bool
    private let page: UInt
    private let state = Mutex(State())

    /// A shim without rules; its control file lies in `folder`, which is made where missing.
    ///
    /// - Parameter records: whether all changes of files in `folder` are logged.
    public init(folder: String, records: Bool = false) throws {
        (self.folder, self.records) = (folder, records)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = folder + "/shim.control"
        library = try ProgramProcess.path(ofProduct: "libFaultShim.so")
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Failure(description: "\(path) can't be made") }
        defer { close(file) }
        let size = fault_shim_control_size()
        guard ftruncate(file, size) == 0,
            let page = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), page != MAP_FAILED
        else { throw Failure(description: "\(path) can't be mapped") }
        self.page = UInt(bitPattern: page)
        withControl { fault_shim_begin($0) }
    }

    deinit {
        withControl { _ = munmap(UnsafeMutableRawPointer($0), fault_shim_control_size()) }
    }

    /// What loads the shim into a program.
    public var environment: [String: String] {
        let control = ["LD_PRELOAD": library, "FAULT_SHIM_CONTROL": path]
        return records ? control.merging(["FAULT_SHIM_LOG": log, "FAULT_SHIM_ROOT": folder]) { $1 } : control
    }

    // MARK: Rules

    /// Lets calls fail.
    ///
    /// - Parameters:
    ///   - path: part of the paths that are meant, or their end where it ends with `$`; empty for all files.
    ///   - error: the `errno` of the failure.
    ///   - after: how many matching calls succeed first.
    ///   - times: how many fail then; `nil` for all.
    ///   - mustHit: whether a test that ends without a single hit fails (``TestBed/runWithShim``).
    @discardableResult
    public func fail(
        _ operations: Operation, path: String, with error: Int32, after: Int = 0, times: Int? = nil,
        mustHit: Bool = true
    ) throws -> Rule {
        var rule = fault_shim_rule()
        rule.error = error
        return try add(rule, operations, path, after, times, mustHit, "\(String(cString: strerror(error)))")
    }

    /// Lets writes put only the first half of their bytes into the file, and say so.
    @discardableResult
    public func shortenWrites(path: String, after: Int = 0, times: Int? = 1) throws -> Rule {
        var rule = fault_shim_rule()
        rule.is_short = 1
        return try add(rule, .write, path, after, times, true, "short writes")
    }

    /// Lets calls wait before they go on.
    @discardableResult
    public func delay(
        _ operations: Operation, path: String, by delay: Duration, after: Int = 0, times: Int? = nil
    ) throws -> Rule {
        var rule = fault_shim_rule()
        rule.delay = UInt64(delay / .milliseconds(1))
        return try add(rule, operations, path, after, times, true, "a delay")
    }

    /// Lets calls wait until the rule is removed.
    @discardableResult
    public func hold(_ operations: Operation, path: String, after: Int = 0, times: Int? = nil) throws -> Rule {
        var rule = fault_shim_rule()
        rule.holds = 1
        return try add(rule, operations, path, after, times, true, "a hold")
    }

    /// Lets the process die by SIGKILL instead of making the call.
    @discardableResult
    public func kill(at operations: Operation, path: String, after: Int = 0) throws -> Rule {
        var rule = fault_shim_rule()
        rule.kills = 1
        return try add(rule, operations, path, after, 1, true, "a kill")
    }

    /// Lets statvfs report so many free bytes.
    @discardableResult
    public func reportFree(bytes: Int64, path: String = "") throws -> Rule {
        var rule = fault_shim_rule()
        rule.reports_free_bytes = 1
        rule.free_bytes = UInt64(bytes)
        return try add(rule, .statvfs, path, 0, nil, true, "a report of free space")
    }

    /// Ends all rules; the clock stays where it is.
    public func clear() {
        for rule in state.withLock({ $0.rules }) { rule.remove() }
    }

    /// Hits of all rules so far.
    public var hits: Int { state.withLock { $0.rules }.reduce(0) { $0 + $1.hits } }

    /// - Throws: ``Unhit`` for the first rule that no call met.
    public func requireHits() throws {
        let rules = state.withLock { state in state.rules.filter { !state.optional.contains($0.number) } }
        if let rule = rules.first(where: { $0.hits == 0 }) {
            throw Unhit(description: "no call met the rule of \(rule.text): the test shows nothing")
        }
    }

    // MARK: The clock

    /// Moves the program's wall clock to so far from the true one. Clocks that measure durations stay.
    public func setClock(offset: Duration) {
        withControl { fault_shim_set_clock($0, Int64(offset / .nanoseconds(1))) }
    }

    // MARK: The recording

    private var log: String { folder + "/shim.log" }

    /// Bytes of the log so far.
    package var recordingSize: Int {
        var status = stat()
        return stat(log, &status) == 0 ? Int(status.st_size) : 0
    }

    /// What was recorded so far.
    package func recording() throws -> Recording { try Recording(path: log) }

    // MARK: The page

    private func add(
        _ rule: fault_shim_rule, _ operations: Operation, _ path: String, _ after: Int, _ times: Int?,
        _ mustHit: Bool, _ what: String
    ) throws -> Rule {
        var rule = rule
        rule.operations = operations.rawValue
        rule.after = UInt64(after)
        rule.times = times.map { UInt64($0) } ?? .max
        rule.is_suffix = path.hasSuffix("$") ? 1 : 0
        let meant = path.hasSuffix("$") ? String(path.dropLast()) : path
        return try state.withLock { state in
            let number = withControl { fault_shim_add($0, rule, meant) }
            guard number >= 0 else {
                throw Failure(
                    description: "a path has at most \(fault_shim_path_limit() - 1) bytes, "
                        + "and a shim \(fault_shim_rule_limit()) rules")
            }
            let added = Rule(shim: self, number: number, text: "\(what) on '\(path)'")
            state.rules.append(added)
            if !mustHit { state.optional.insert(number) }
            return added
        }
    }

    private func withControl<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        guard let control = OpaquePointer(bitPattern: page) else { preconditionFailure("mapped at init") }
        return body(control)
    }
}
