/* Words, lists and channels, as the models of this folder share them; steps are single loads, compare-exchanges and lock
   operations. No model by itself: a model names its parties (P), channels (C) and their places (CAP), and includes this. */
#define NOBODY 255

/* The word of a choice: `choice.rs`. `chosen` is the guard it is committed to. */
#define IDLE 0
#define FREE 1
#define CLAIMED 2
#define COMMITTED 3
byte phase[P];
byte chosen[P];
bit again[P];
bit leaving[P];
bit waker[P];         /* there is somebody to wake; wakes take it */
bit woken[P];
byte marked[P];       /* of a reusable choice: a bit for each guard that may be ready */

/* A guard is a number: twice its channel, and one more if it sends. */
#define RECEIVES(g) ((g) % 2 == 0)
#define OTHER(g) ((g) ^ 1)
#define TIMER 254

/* A channel: `state.rs`. A value is the number of the party that brings it. */
bit locked[C];
chan waiting[2 * C] = [P] of { byte };     /* by guard, in order of arrival */
chan buffer[C] = [CAP + 1] of { byte };
chan returned[C] = [P] of { byte };
byte kept[C];                              /* places kept by permits */
byte ends[2 * C];                          /* by guard, too */
bit ended[C];
#define DEPTH(c) (len(buffer[c]) + len(returned[c]))
#define IS_FULL(c) (DEPTH(c) + kept[c] >= PLACES(c))
#define SEND_OVER(c) (ended[c] || ends[2 * (c)] == 0)
#define RECEIVE_OVER(c) (ended[c] || (ends[2 * (c) + 1] == 0 && DEPTH(c) == 0))

/* What a party came to. `served`: a partner has committed to it and it has not looked yet. `slot`: what a receiver got. */
#define PENDING 0
#define SENT 1
#define GOT 2
#define OVER 3
#define TIMED_OUT 4
#define DROPPED 5
byte outcome[P];
bit served[P];
byte slot[P];
byte received[P];     /* how often the value of party p was received */

/* Free to claimed. */
inline claim(p, ok) {
  atomic {
    if
    :: phase[p] == FREE -> phase[p] = CLAIMED; ok = 1
#ifndef MUTANT_NO_FLAG
    :: phase[p] == CLAIMED -> again[p] = 1; ok = 0
#endif
    :: else -> ok = 0
    fi
  }
}

/* Free to committed. */
inline commit_free(p, g, ok) {
  atomic {
    if
    :: phase[p] == FREE -> phase[p] = COMMITTED; chosen[p] = g; ok = 1
#ifndef MUTANT_NO_FLAG
    :: phase[p] == CLAIMED -> again[p] = 1; ok = 0
#endif
    :: else -> ok = 0
    fi
  }
}

/* Claimed to free; its owner is to look again if somebody met it, and to be left alone if it has gone. */
inline release(p) {
  atomic {
    assert(phase[p] == CLAIMED);
    if
    :: leaving[p] -> phase[p] = IDLE
    :: else -> phase[p] = FREE
#ifndef MUTANT_NO_WAKE
       ; if :: again[p] -> after = after | (1 << p) :: else fi
#endif
    fi;
    again[p] = 0; leaving[p] = 0
  }
}

inline commit(p, g) {
  atomic { phase[p] = COMMITTED; chosen[p] = g; again[p] = 0; leaving[p] = 0 }
}

/* Whoever would have met a reusable choice, had it been free, marks the guard. */
inline mark(p, g) {
#ifndef MUTANT_NO_MARK
  if :: REUSABLE(p) -> marked[p] = marked[p] | (1 << (g)) :: else fi
#else
  skip
#endif
}

/* `after` is who is to be woken once the lock is released. A choice gives its waker away once; who waits plainly has left it
   in the list. */
inline unlock_and_wake(c) {
  if
  :: after == 0 -> locked[c] = 0
  :: after != 0 ->
  locked[c] = 0;
  atomic {
    x = 0;
    do
    :: x < P ->
       if
       :: (after & (1 << x)) && (waker[x] || !CHOOSES(x)) -> waker[x] = 0; woken[x] = 1
       :: else
       fi;
       x++
    :: else -> break
    od;
    after = 0; x = NOBODY
  }
  fi
}

/* Looks for the first party on the list of guard `theirs` that can be committed with, under the lock. `us` is who asks, if it
   is choosing and stands on lists, with its guard `ours`. The partner is `x`, off the list; `blocked`: we cannot commit. One
   that is reusable is tried twice, the second time with its guard marked. */
#define YES 1
#define NOT_THEM 2
#define NOT_US 3
#define FIRST 4
#define SECOND 5
#define RELEASE 6
inline meet(us, ours, theirs) {
  atomic { x = NOBODY; blocked = 0; left = len(waiting[theirs]) }
  do
  :: (left > 0 || retry) && x == NOBODY && !blocked ->
     atomic {
       if :: retry :: else -> waiting[theirs] ? y; left-- fi;
       if
       /* One that waits for a permit has no value: it is there for who has a place to give. */
       :: PERMIT(y) && ours != NOBODY -> v = NOT_THEM
       :: !CHOOSES(y) && us == NOBODY && (!PERMIT(y) || ours == NOBODY) -> v = YES
       :: !CHOOSES(y) && us != NOBODY && !PERMIT(y) -> commit_free(us, ours, ok); if :: ok -> v = YES :: else -> v = NOT_US fi
       :: CHOOSES(y) && us == NOBODY -> commit_free(y, theirs, ok); if :: ok -> v = YES :: else -> v = NOT_THEM fi
#ifndef MUTANT_SELF
       :: CHOOSES(y) && y == us -> v = NOT_THEM
       :: CHOOSES(y) && us != NOBODY && y != us ->
#else
       :: CHOOSES(y) && us != NOBODY ->
#endif
#ifdef MUTANT_BLIND
          v = FIRST
#else
          if :: phase[y] == COMMITTED -> v = NOT_THEM :: else -> v = FIRST fi
#endif
       fi
     }
#ifdef MUTANT_NO_CLAIM
     if
     :: v == FIRST -> atomic { if :: phase[us] == FREE -> v = SECOND :: else -> v = NOT_US fi }
     :: else
     fi;
     if
     :: v == SECOND -> atomic { if :: phase[y] == FREE -> v = SECOND :: else -> v = NOT_THEM fi }
     :: else
     fi;
#else
     /* The second may be taken when the first is claimed already; then the first is freed. */
     if
     :: v == FIRST ->
        atomic {
#ifdef MUTANT_ORDER
          lo = us; hi = y;
#else
          if :: us < y -> lo = us; hi = y :: else -> lo = y; hi = us fi;
#endif
          claim(lo, ok);
          if :: ok -> v = SECOND :: !ok && lo == us -> v = NOT_US :: else -> v = NOT_THEM fi
        }
     :: else
     fi;
     if
     :: v == SECOND -> atomic { claim(hi, ok); if :: !ok -> v = RELEASE :: else fi }
     :: else
     fi;
     if
     :: v == RELEASE -> atomic { release(lo); if :: hi == us -> v = NOT_US :: else -> v = NOT_THEM fi }
     :: else
     fi;
#endif
     if
     :: v == SECOND -> commit(us, ours); atomic { commit(y, theirs); v = YES }
     :: else
     fi;
     atomic {
       if
       :: v == YES -> x = y; assert(!served[x] && outcome[x] == PENDING); served[x] = 1; after = after | (1 << x); retry = 0
       /* Marked, and tried once more: a use of it may have begun meanwhile. */
       :: v == NOT_THEM && y != us && REUSABLE(y) && !retry -> mark(y, theirs); retry = 1
       :: else -> blocked = (v == NOT_US); retry = 0
       fi;
#ifdef MUTANT_NO_RETRY
       retry = 0;
#endif
       if
       :: retry
       :: else -> if :: v == YES :: else -> waiting[theirs] ! y fi; y = NOBODY
       fi;
       lo = NOBODY; hi = NOBODY; v = 0; ok = 0
     }
  :: else -> break
  od;
  atomic { do :: left > 0 -> waiting[theirs] ? y; waiting[theirs] ! y; left-- :: else -> break od; y = NOBODY }
}

/* A commit in which no partner takes part: `ok`. */
inline commit_alone(us, ours) {
  if :: us == NOBODY -> ok = 1 :: else -> commit_free(us, ours, ok) fi
}

/* One attempt at guard `g` of party `me`; it takes the lock and keeps it. `done` is what it came to, and `value` what it received. */
#define MEET 1
#define ALONE 2
#define TOO_LATE 3
#define NOT_NOW 4
inline attempt(us, g) {
  atomic {
    !locked[g / 2] -> locked[g / 2] = 1;
    if
#ifndef MUTANT_ACCEPT
    :: RECEIVES(g) && ended[g / 2] -> todo = TOO_LATE
    :: !RECEIVES(g) && SEND_OVER(g / 2) -> todo = TOO_LATE
    :: RECEIVES(g) && !ended[g / 2] && DEPTH(g / 2) > 0 -> todo = ALONE
    :: RECEIVES(g) && !ended[g / 2] && DEPTH(g / 2) == 0 -> todo = MEET
    :: !RECEIVES(g) && !SEND_OVER(g / 2) ->
#else
    :: RECEIVES(g) && DEPTH(g / 2) > 0 -> todo = ALONE
    :: RECEIVES(g) && DEPTH(g / 2) == 0 -> todo = MEET
    :: !RECEIVES(g) ->
#endif
       /* While something is in the channel, who waits was not to be had and looks again. */
       if
       :: DEPTH(g / 2) == 0 && len(waiting[OTHER(g)]) > 0 -> todo = MEET
       :: else -> if :: IS_FULL(g / 2) -> todo = NOT_NOW :: else -> todo = ALONE fi
       fi
    fi
  }
  if
  :: todo == MEET ->
     meet(us, g, OTHER(g));
     atomic {
       if
       :: x != NOBODY && RECEIVES(g) -> value = x; done = GOT
       :: x != NOBODY && !RECEIVES(g) -> assert(slot[x] == NOBODY); slot[x] = me; done = SENT
       :: x == NOBODY && blocked -> todo = NOT_NOW
       :: x == NOBODY && !blocked && RECEIVES(g) ->
          if :: ends[OTHER(g)] == 0 -> todo = TOO_LATE :: else -> todo = NOT_NOW fi
       :: x == NOBODY && !blocked && !RECEIVES(g) -> if :: IS_FULL(g / 2) -> todo = NOT_NOW :: else -> todo = ALONE fi
       fi;
       x = NOBODY
     }
  :: else
  fi;
  if
  :: todo == TOO_LATE -> atomic { commit_alone(us, g); if :: ok -> done = OVER :: else fi; ok = 0 }
  :: todo == ALONE ->
     atomic {
       commit_alone(us, g);
       if
       :: ok && !RECEIVES(g) -> assert(!ended[g / 2]); buffer[g / 2] ! me; done = SENT
       :: ok && RECEIVES(g) ->
          if :: len(returned[g / 2]) > 0 -> returned[g / 2] ? value :: else -> buffer[g / 2] ? value fi;
          done = GOT
       :: else
       fi;
       ok = 0
     }
     if :: done == GOT -> refill(g / 2) :: else fi
#ifndef MUTANT_UNMARK_LATE
  :: todo == NOT_NOW && !blocked && us != NOBODY -> if :: REUSABLE(us) -> marked[us] = marked[us] & ~(1 << g) :: else fi
#endif
  :: else
  fi
}

/* Gives free places to the first who wait for them: a parked sender's value moves up, unless a receiver waits, which came while
   that sender was not to be had. */
inline refill(c) {
#ifndef MUTANT_NO_REFILL
  do
  :: len(waiting[2 * (c) + 1]) > 0 && !IS_FULL(c) && !SEND_OVER(c) ->
     meet(NOBODY, NOBODY, 2 * (c) + 1);
     atomic {
       if
       :: x == NOBODY -> break
       :: x != NOBODY && PERMIT(x) -> kept[c]++
       :: x != NOBODY && !PERMIT(x) -> moved = x
       fi;
       x = NOBODY
     }
#ifndef MUTANT_NO_HAND_OVER
     if
     :: moved != NOBODY && DEPTH(c) == 0 && len(waiting[2 * (c)]) > 0 ->
        meet(NOBODY, NOBODY, 2 * (c));
        atomic { if :: x != NOBODY -> slot[x] = moved; moved = NOBODY; x = NOBODY :: else fi }
     :: else
     fi;
#endif
     atomic { if :: moved != NOBODY -> buffer[c] ! moved; moved = NOBODY :: else fi }
  :: else -> break
  od
#else
  skip
#endif
}

/* A value whose receive was dropped goes to the next receive. */
inline give_back(c) {
#ifdef MUTANT_KEEP
  value = NOBODY
#else
  if
  :: !ended[c] && len(returned[c]) == 0 ->
     meet(NOBODY, NOBODY, 2 * (c));
     atomic { if :: x != NOBODY -> slot[x] = value; value = NOBODY; x = NOBODY :: else fi }
  :: else
  fi;
  atomic { if :: value != NOBODY -> returned[c] ! value; value = NOBODY :: else fi }
#endif
}

/* Has everybody who waits look again: the channel has ended for them, or may have. */
inline wake_all(c) {
  d = 2 * (c);
  do
  :: d < 2 * (c) + 2 ->
     left = len(waiting[d]);
     do
     :: left > 0 -> waiting[d] ? y; waiting[d] ! y; mark(y, d); after = after | (1 << y); left--
     :: else -> break
     od;
     d++
  :: else -> break
  od;
  y = NOBODY; d = 0
}

/* An end goes. */
inline retire(g) {
  atomic {
    !locked[(g) / 2] -> locked[(g) / 2] = 1; ends[g]--;
#ifndef MUTANT_RETIRE
    if :: ends[g] == 0 -> wake_all((g) / 2) :: else fi
#endif
  }
  unlock_and_wake((g) / 2)
}
