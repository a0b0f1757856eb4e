import Foundation
import Synchronization
import UploadCore

/// Lets a test end this process at a ``FaultPoint``: `FAULT_POINT=blockSynced:3` is the third time that this one is
/// reached. Debug builds only; a release build has none of it.
enum FaultPlan {
    static func arm() {
        #if DEBUG
            guard let text = ProcessInfo.processInfo.environment["FAULT_POINT"] else { return }
            let parts = text.split(separator: ":")
            guard parts.count == 2, let deadly = FaultPoint(rawValue: String(parts[0])), let hit = Int(parts[1]) else {
                LogWriter.standardError.drain()
                // Not started at all is what tells a test of its misspelt name.
                FileHandle.standardError.write(Data("FAULT_POINT is not point:hit\n".utf8))
                exit(64)
            }
            let hits = Mutex(0)
            FaultPoint.watch { point in
                guard point == deadly else { return }
                let isDue = hits.withLock { hits in
                    hits += 1
                    return hits == hit
                }
                // Like a power switch: nothing is flushed, not even the log, nobody is told.
                if isDue { kill(getpid(), SIGKILL) }
            }
        #endif
    }

    /// After how many pages of the log a test wants a checkpoint, from `CHECKPOINT_PAGES`; `nil` where the service decides.
    static var checkpointPages: Int? {
        #if DEBUG
            ProcessInfo.processInfo.environment["CHECKPOINT_PAGES"].flatMap { Int($0) }
        #else
            nil
        #endif
    }
}
