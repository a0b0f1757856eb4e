/// MD5 of many streams at once. One stream is bound by the latency of MD5's steps, so several side by side take
/// hardly longer than one.
public enum MultiBufferMD5 {
    /// Bytes that a hash is to take in.
    public struct Job {
        /// Where the bytes come behind what it has taken in.
        public var hash: RunningMD5
        /// The bytes, in this order. They have to stay as they are for the time of the call.
        public var buffers: [UnsafeRawBufferPointer]

        /// A hash, and what it is to take in.
        public init(_ hash: RunningMD5, _ buffers: [UnsafeRawBufferPointer]) {
            self.hash = hash
            self.buffers = buffers
        }
    }

    /// The number of jobs that this processor works on at the same time; more wait for their turn.
    public static var lanes: Int { Kernel.best(forJobs: .max).lanes }

    /// Lets each job's hash take in the job's bytes. Any number of jobs and bytes; copies none of the bytes but those of
    /// chunks that two buffers share.
    ///
    /// The buffers of different jobs may be the same ones.
    public static func update(_ jobs: inout [Job]) {
        update(&jobs, using: nil)
    }

    /// - Parameter kernel: The one for all the work; `nil` for the best in each situation.
    static func update(_ jobs: inout [Job], using kernel: Kernel?) {
        var lanes = Lanes(kernel)
        lanes.work(off: &jobs)
    }
}
