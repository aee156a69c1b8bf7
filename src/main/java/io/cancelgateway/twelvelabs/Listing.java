package io.cancelgateway.twelvelabs;

/** How {@link TwelveLabs#list} ended. */
public sealed interface Listing {

    /** 200: the page. */
    record Page(BatchPage page) implements Listing {}

    /**
     * There is no page.
     *
     * @param answer any {@link Answer} but {@link Answer.Accepted} and {@link Answer.Found}
     */
    record Failed(Answer answer) implements Listing {}
}
