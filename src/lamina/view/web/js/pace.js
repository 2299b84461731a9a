// Keeps a movement fluent: where pictures come too slowly, they are drawn less sharp until it ends.

const SLOW = 30; // between two pictures [ms]
const LEAST = 0.4; // of the full sharpness
const STEP = 0.8;

export class Pace {
  constructor() {
    this.now = 1;
    this.last = 0;
    this.slow = 0;
  }

  /**
   * @param {number} time of this picture [ms]
   * @returns {number} the share of the full sharpness to draw it with; 0 to leave it as it is
   */
  share(time) {
    const passed = time - this.last;
    this.last = time;
    this.slow = passed > SLOW && passed < 500 ? this.slow + 1 : 0; // a longer break is no slow picture
    if (this.slow < 2 || this.now <= LEAST) return 0;
    this.slow = 0;
    this.now = Math.max(LEAST, this.now * STEP);
    return this.now;
  }
}
