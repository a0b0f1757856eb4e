import Hummingbird
import NIOCore

extension UploadApplication {
    /// Where the front's connections live.
    static var loops: EventLoopGroupProvider { .singleton }

    /// Comes back once each of the front's event loops has taken up a job that was given to it just now; never, where
    /// one hangs.
    public static func answers() async {
        for loop in loops.eventLoopGroup.makeIterator() {
            await withCheckedContinuation { continuation in
                loop.execute { continuation.resume() }
            }
        }
    }
}
